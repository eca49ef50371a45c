// The parts of the page that Gradio has not: a video as it is made, all videos, the brush. They only read the API, cancel
// and delete; what makes a video goes through the page's own events. No text is ever written as HTML.
"use strict";
(() => {
  const { words, failures, notes: rules } = window.page;
  const ENDED = ["completed", "failed", "cancelled"];
  const RETRY = 3000; // milliseconds between two tries to reach the server
  const PAGE = 12; // videos listed at once
  const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const content = (id, variant) => `../v1/videos/${id}/content${variant ? `?variant=${variant}` : ""}`;
  const changed = () => document.dispatchEvent(new Event("ma-changed"));

  function make(tag, options = {}, ...children) {
    const { on = {}, ...rest } = options;
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(rest)) {
      if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
    element.append(...children.filter((child) => child != null));
    return element;
  }
  // A note of the service in the person's language, by the first rule that knows it; in_chinese does the same.
  function told(note) {
    for (const [pattern, text] of rules) {
      const found = note.match(new RegExp(`^(?:${pattern})$`, "s"));
      if (found) return text.replace(/\{(\d)\}/g, (_, at) => told(found[at]));
    }
    return note;
  }
  const button = (label, click, more = {}) => make("button", { type: "button", ...more, on: { click } }, label);
  const tell = (element, name, detail) => element.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));

  // Gradio sometimes puts a new element in the place of an old one and sometimes only changes its attribute.
  class Part extends HTMLElement {
    static observedAttributes = ["video"];
    connectedCallback() {
      this.begun = true;
      this.begin();
    }
    disconnectedCallback() {
      this.begun = false;
      this.finish();
    }
    attributeChangedCallback(name, before, now) {
      if (!this.begun || before === now) return;
      this.finish();
      this.begin();
    }
    finish() {}
  }

  // A video as it is made, then as it is; the address after # keeps it through a new load of the page.
  class Job extends Part {
    begin() {
      this.seen = () => (document.hidden ? this.stop() : this.id_ && this.follow(this.id_));
      document.addEventListener("visibilitychange", this.seen);
      const given = this.getAttribute("video") || location.hash.slice(1);
      this.replaceChildren(make("p", { class: "nothing" }, say("nothing")));
      if (/^video_\w+$/.test(given)) this.follow(given, this.hasAttribute("video"));
    }
    finish() {
      document.removeEventListener("visibilitychange", this.seen);
      this.stop();
      this.id_ = this.state = null;
    }
    stop() {
      clearTimeout(this.timer);
      this.source?.close();
    }
    follow(id, fresh = false) {
      this.stop();
      if (this.id_ !== id) this.state = null;
      this.id_ = id;
      history.replaceState(null, "", `#${id}`);
      if (fresh) {
        changed();
        if (this.getBoundingClientRect().top > innerHeight / 2) this.scrollIntoView({ block: "start" });
      }
      this.source = new EventSource(`../v1/videos/${id}/events`);
      for (const name of ["progress", ...ENDED])
        this.source.addEventListener(name, (event) => this.show(JSON.parse(event.data)));
      this.source.onerror = () => this.unreached();
    }
    async unreached() {
      if (this.source.readyState === EventSource.CONNECTING) return this.note(say("lost"));
      this.stop(); // the browser does not try again after an answer that is no stream: ask why
      const status = await fetch(`../v1/videos/${this.id_}`).then((answer) => answer.status, () => 0);
      if (status === 404) {
        this.id_ = null;
        history.replaceState(null, "", location.pathname);
        return this.replaceChildren(make("p", { class: "nothing", role: "status" }, say("gone")));
      }
      if (status === 401) return this.note(say("key_wrong"));
      this.note(say(status ? "busy" : "lost"));
      this.timer = setTimeout(() => this.follow(this.id_), RETRY);
    }
    note(text) {
      if (!this.notes) this.frame();
      this.notes.textContent = text;
      this.notes.hidden = !text;
    }
    // What was heard and done, and what was not.
    hear(notes) {
      this.heard.hidden = !notes.length;
      this.heard.querySelector("ul").replaceChildren(...notes.map((note) => make("li", {}, told(note))));
    }
    // The parts that stay while a video is made, so that a screen reader hears only what is new.
    frame() {
      this.status = make("strong", { role: "status" });
      this.where = make("span", { class: "where" });
      this.bar = make("progress", { max: 100, value: 0, "aria-label": say("in_progress") });
      this.screen = make("div", { class: "screen" });
      this.notes = make("p", { class: "note", role: "status", hidden: true });
      this.heard = make("section", { class: "heard", hidden: true }, make("h3", {}, say("heard")), make("ul"));
      this.actions = make("div", { class: "actions" });
      const line = make("p", { class: "line" }, this.status, this.where);
      this.replaceChildren(line, this.bar, this.screen, this.notes, this.heard, this.actions);
    }
    show(video) {
      if (!this.state) this.frame();
      this.note("");
      const own = video.motionalchemy;
      this.where.textContent = this.place(own).join(" · ");
      this.bar.value = video.progress;
      this.bar.hidden = ENDED.includes(video.status);
      if (video.preview) this.screen.replaceChildren(make("img", { src: video.preview, alt: say("preview") }));
      if (video.status === this.state) return;
      this.state = video.status;
      this.dataset.state = video.status;
      this.status.textContent = say(video.status);
      if (!ENDED.includes(video.status)) return this.actions.replaceChildren(this.cancel(video));
      this.stop();
      changed();
      this.end(video);
    }
    place(own) {
      const parts = [];
      if (own.position) parts.push(say("ahead", { n: own.position }));
      if (own.windows > 1) parts.push(say("window", { n: own.window, all: own.windows }));
      if (own.steps) parts.push(say("step", { n: own.step, all: own.steps }));
      if (own.seconds_left != null) parts.push(say("left", { n: Math.max(1, Math.round(own.seconds_left)) }));
      return parts;
    }
    cancel(video) {
      const stop = button(say("cancel"), async () => {
        stop.disabled = true;
        stop.textContent = say("cancelling");
        const answer = await fetch(`../v1/videos/${video.id}/cancel`, { method: "POST" }).catch(() => null);
        if (!answer?.ok) {
          stop.disabled = false;
          stop.textContent = say("cancel");
        }
      }, { class: "cancel" });
      return stop;
    }
    end(video) {
      const made = video.status === "completed";
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (made) {
        const film = make("video", {
          src: content(video.id), poster: content(video.id, "thumbnail"), controls: true, loop: true, playsinline: true,
          "aria-label": video.prompt || say("completed"),
        });
        film.muted = true;
        film.autoplay = !still;
        this.screen.replaceChildren(film);
        this.hear(video.motionalchemy.notes);
      } else {
        this.screen.replaceChildren();
        if (video.error) this.note(failures[video.error.code] || say("said", { text: video.error.message }));
      }
      const links = made
        ? [
            make("a", { href: content(video.id), download: `${video.id}.mp4`, class: "button" }, say("download")),
            button(say("extend"), () => tell(this, "extend", { id: video.id }), { class: "extend" }),
            button(say("edit"), () => tell(this, "edit", { id: video.id }), { class: "edit" }),
          ]
        : [];
      this.actions.replaceChildren(...links, this.remix(video));
    }
    remix(video) {
      const prompt = make("input", { value: video.prompt || "", "aria-label": say("prompt"), maxlength: 2000 });
      const again = make("button", { type: "submit" }, say("remix"));
      const send = (event) => {
        event.preventDefault();
        tell(this, "remix", { id: video.id, prompt: prompt.value });
      };
      return make("form", { class: "remix", on: { submit: send } }, prompt, again);
    }
  }

  // All videos, the newest first, each with the settings that made it.
  class Gallery extends Part {
    begin() {
      this.load = () => this.list();
      document.addEventListener("ma-changed", this.load);
      this.cards = make("ul", { class: "cards" });
      this.more = button(say("more_videos"), () => this.list(this.last), { hidden: true });
      this.replaceChildren(make("h2", {}, say("past")), this.cards, this.more);
      this.list();
    }
    finish() {
      document.removeEventListener("ma-changed", this.load);
    }
    async list(after) {
      const answer = await fetch(`../v1/videos?limit=${PAGE}${after ? `&after=${after}` : ""}`).catch(() => null);
      if (!answer?.ok) return;
      const { data, has_more, last_id } = await answer.json();
      const cards = data.map((video) => this.card(video));
      if (after) this.cards.append(...cards);
      else this.cards.replaceChildren(...(cards.length ? cards : [make("li", { class: "nothing" }, say("none"))]));
      this.last = last_id;
      this.more.hidden = !has_more;
    }
    card(video) {
      const own = video.motionalchemy;
      const made = video.status === "completed";
      const prompt = video.prompt || say(`task_${own.task}`);
      const show = () => {
        const job = document.querySelector("ma-job");
        job.follow(video.id);
        job.scrollIntoView({ block: "nearest" });
      };
      const face = made
        ? make("img", { src: content(video.id, "thumbnail"), alt: "", loading: "lazy" })
        : make("span", { class: "state" }, say(video.status));
      return make("li", { "data-video": video.id },
        make("button", { type: "button", class: "face", "aria-label": `${say("show")}: ${prompt}`, on: { click: show } }, face),
        make("p", { class: "prompt" }, prompt),
        make("p", { class: "quiet" }, `${say(`task_${own.task}`)} · ${video.seconds} s · ${video.size}`),
        make("details", {}, make("summary", {}, say("details")), this.settings(video, made)),
        this.delete(video));
    }
    settings(video, made) {
      const shown = { ...video.motionalchemy.settings, seconds: video.seconds, size: video.size, model: video.model };
      const rows = Object.entries(shown).flatMap(([name, value]) => {
        if (value == null || value === "" || value === false) return [];
        const text = name === "task" ? say(`task_${value}`) : words[`region_${value}`] ?? (value === true ? "✓" : String(value));
        return [make("dt", {}, words[`set_${name}`] ?? name), make("dd", {}, text)];
      });
      const file = { href: content(video.id, "sidecar"), download: `${video.id}.json` };
      return make("div", {}, make("dl", {}, ...rows), made ? make("a", file, say("file")) : null);
    }
    delete(video) {
      let sure = false;
      const remove = button(say("delete"), async () => {
        if (!sure) {
          sure = true;
          remove.textContent = say("delete_sure");
          return;
        }
        await fetch(`../v1/videos/${video.id}`, { method: "DELETE" }).catch(() => null);
        changed();
      }, { class: "delete" });
      remove.addEventListener("blur", () => {
        sure = false;
        remove.textContent = say("delete");
      });
      return remove;
    }
  }

  // The result that an edit or an extension starts from.
  class Source extends Part {
    begin() {
      const id = this.getAttribute("video");
      this.replaceChildren(
        make("img", { src: content(id, "thumbnail"), alt: "" }),
        make("span", {}, say("from_result")),
        button(say("drop"), () => tell(this, "drop", {})));
    }
  }

  // A mask painted over the first frame of the source: white where the edit may show.
  class Brush extends Part {
    begin() {
      const id = this.getAttribute("video");
      this.canvas = make("canvas", { tabindex: 0, role: "img", "aria-label": say("brush") });
      this.size = make("input", { type: "range", min: 2, max: 40, value: 12, "aria-label": say("brush_size") });
      this.replaceChildren(
        make("p", { class: "quiet" }, say("brush")), this.canvas,
        make("div", { class: "actions" },
          make("label", {}, `${say("brush_size")} `, this.size), button(say("brush_clear"), () => this.clear())));
      this.strokes = [];
      this.cursor = this.picture = null;
      if (id) {
        const image = make("img", { src: content(id, "thumbnail") });
        image.onload = () => this.take(image, image.naturalWidth, image.naturalHeight);
      } else this.wait(0);
      this.listen();
    }
    // The uploaded clip is shown by Gradio: its first frame is taken as soon as it is there.
    wait(tries) {
      const film = document.querySelector("#edit-film video");
      if (film?.readyState >= 2) this.take(film, film.videoWidth, film.videoHeight);
      else if (tries < 200 && this.isConnected) setTimeout(() => this.wait(tries + 1), 100);
    }
    take(picture, width, height) {
      const scale = Math.min(1, 1024 / Math.max(width, height));
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
      this.picture = document.createElement("canvas");
      Object.assign(this.picture, { width: this.canvas.width, height: this.canvas.height });
      this.picture.getContext("2d").drawImage(picture, 0, 0, this.canvas.width, this.canvas.height);
      this.draw();
    }
    listen() {
      let painting = false;
      const at = (event) => {
        const box = this.canvas.getBoundingClientRect();
        return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      };
      const on = (name, listener) => this.canvas.addEventListener(name, listener);
      on("pointerdown", (event) => {
        painting = true;
        this.canvas.setPointerCapture(event.pointerId);
        this.strokes.push({ size: this.size.value / 100, points: [] });
        this.paint(at(event));
      });
      on("pointermove", (event) => painting && this.paint(at(event)));
      for (const name of ["pointerup", "pointercancel"]) on(name, () => (painting = false));
      on("keydown", (event) => this.key(event));
      on("blur", () => ((this.cursor = null), this.draw()));
    }
    key(event) {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const move = moves[event.key];
      if (!move && event.key !== " ") return;
      event.preventDefault();
      const [x, y] = this.cursor ?? [0.5, 0.5];
      const bound = (value) => Math.min(1, Math.max(0, value));
      this.cursor = move ? [bound(x + move[0] / 40), bound(y + move[1] / 40)] : [x, y];
      if (event.key === " ") {
        this.strokes.push({ size: this.size.value / 100, points: [] });
        this.paint(this.cursor);
      } else this.draw();
    }
    paint(point) {
      this.strokes.at(-1).points.push(point);
      this.draw();
    }
    clear() {
      this.strokes = [];
      this.draw();
    }
    trace(context, colour) {
      const { width, height } = this.canvas;
      context.strokeStyle = colour;
      context.lineCap = context.lineJoin = "round";
      for (const { size, points } of this.strokes) {
        context.lineWidth = size * Math.min(width, height) * 2;
        context.beginPath();
        points.forEach(([x, y], index) => context[index ? "lineTo" : "moveTo"](x * width, y * height));
        if (points.length === 1) context.lineTo(points[0][0] * width + 0.01, points[0][1] * height);
        context.stroke();
      }
    }
    draw() {
      if (!this.picture) return;
      const { width, height } = this.canvas;
      const context = this.canvas.getContext("2d");
      const layer = Object.assign(document.createElement("canvas"), { width, height });
      this.trace(layer.getContext("2d"), "#4f46e5");
      context.drawImage(this.picture, 0, 0);
      context.globalAlpha = 0.55;
      context.drawImage(layer, 0, 0);
      context.globalAlpha = 1;
      if (!this.cursor) return;
      context.strokeStyle = "#fff";
      context.lineWidth = 3;
      context.beginPath();
      context.arc(this.cursor[0] * width, this.cursor[1] * height, (this.size.value / 100) * Math.min(width, height), 0, 7);
      context.stroke();
    }
    // The mask as a data: URI of a PNG, empty while nothing is painted.
    mask() {
      if (!this.picture || !this.strokes.length) return "";
      const { width, height } = this.canvas;
      const sheet = Object.assign(document.createElement("canvas"), { width, height });
      const context = sheet.getContext("2d");
      context.fillRect(0, 0, width, height);
      this.trace(context, "#fff");
      return sheet.toDataURL("image/png");
    }
  }

  for (const [name, kind] of Object.entries({ job: Job, gallery: Gallery, source: Source, brush: Brush }))
    customElements.define(`ma-${name}`, kind);
})();
