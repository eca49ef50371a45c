"""LoRA files in the layouts that people have: each adds the same matrix, and what fits nothing is refused by name."""

import json

import pytest
import torch
from safetensors.torch import save_file

diffusers = pytest.importorskip("diffusers", reason="public models need the extra gpu")

import parity  # noqa: E402
import tiny_models  # noqa: E402

from motionalchemy.errors import InputError  # noqa: E402
from motionalchemy.flow import tasks  # noqa: E402
from motionalchemy.models import lora, registry  # noqa: E402
from motionalchemy.models.base import Effort  # noqa: E402

RANK, ALPHA = 2, 6.0
WAN = {  # diffusers' name of a module -> the model's own
    "blocks.0.attn1.to_q": "blocks.0.self_attn.q",
    "blocks.1.attn1.to_out.0": "blocks.1.self_attn.o",
    "blocks.0.attn2.to_k": "blocks.0.cross_attn.k",
    "blocks.1.ffn.net.0.proj": "blocks.1.ffn.0",
    "blocks.0.ffn.net.2": "blocks.0.ffn.2",
}
LTX = {
    "transformer_blocks.0.attn1.to_q": "transformer_blocks.0.attn1.to_q",
    "transformer_blocks.1.attn2.to_out.0": "transformer_blocks.1.attn2.to_out.0",
    "transformer_blocks.0.ff.net.0.proj": "transformer_blocks.0.ff.net.0.proj",
    "proj_in": "patchify_proj",
}
NAMES = {"wan": WAN, "ltx": LTX}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    return {"wan": tiny_models.wan(home / "wan"), "ltx": tiny_models.ltx(home / "ltx")}


def transformer(folders, kind):
    name = {"wan": "WanTransformer3DModel", "ltx": "LTXVideoTransformer3DModel"}[kind]
    return getattr(diffusers, name).from_pretrained(folders[kind] / "transformer")


def halves(model, names):
    generator = torch.Generator().manual_seed(0)
    for name in names:
        out, into = model.get_submodule(name).weight.flatten(1).shape
        down = torch.randn(RANK, into, generator=generator)
        yield name, down, torch.randn(out, RANK, generator=generator)


def written(path, layout, model, names):
    """A LoRA file in one of the layouts."""
    tensors, facts = {}, {}
    for name, down, up in halves(model, names):
        if layout == "diffusers":
            tensors |= {f"transformer.{name}.lora_A.weight": down, f"transformer.{name}.lora_B.weight": up}
            facts = {"lora_adapter_metadata": json.dumps({"transformer.r": RANK, "transformer.lora_alpha": ALPHA})}
        elif layout == "peft":
            tensors |= {f"base_model.model.{name}.lora_A.weight": down, f"base_model.model.{name}.lora_B.weight": up}
            path = path.with_name("adapter_model.safetensors")
            path.with_name("adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA}))
        elif layout == "comfyui":
            own = f"diffusion_model.{names[name]}"
            tensors |= {f"{own}.lora_down.weight": down, f"{own}.lora_up.weight": up}
            tensors[f"{own}.alpha"] = torch.tensor(ALPHA)
        else:
            own = "lora_unet_" + names[name].replace(".", "_")
            tensors |= {f"{own}.lora_down.weight": down, f"{own}.lora_up.weight": up}
            tensors[f"{own}.alpha"] = torch.tensor(ALPHA)
    save_file(tensors, path, facts)
    return path


@pytest.mark.parametrize("layout", ["diffusers", "peft", "comfyui", "kohya"])
@pytest.mark.parametrize("kind", ["wan", "ltx"])
def test_every_layout_adds_the_same_matrix(folders, tmp_path, kind, layout):
    names = {k: v for k, v in NAMES[kind].items() if layout != "kohya" or k == v or kind == "wan"}
    before, after = transformer(folders, kind), transformer(folders, kind)
    sha256 = lora.apply(after, [(written(tmp_path / "l.safetensors", layout, after, names), 0.5)], "0" * 64)
    expected = {name: 0.5 * ALPHA / RANK * up @ down for name, down, up in halves(after, names)}
    for name, old in before.named_parameters():
        new = after.get_parameter(name)
        added = expected.get(name.removesuffix(".weight"))
        assert torch.equal(new, old) if added is None else torch.allclose(new, old + added.view_as(old), atol=1e-6)
    assert len(sha256) == 64 and sha256 != "0" * 64


@pytest.mark.parametrize("kind", ["wan", "ltx"])
def test_it_is_what_diffusers_makes_of_the_same_file(folders, tmp_path, kind):
    ours, theirs = transformer(folders, kind), transformer(folders, kind)
    path = written(
        tmp_path / "l.safetensors", "comfyui", ours, {k: v for k, v in NAMES[kind].items() if k != "proj_in"}
    )
    lora.apply(ours, [(path, 1.0)], "")
    if kind == "wan":
        pipeline = diffusers.WanPipeline.from_pretrained(folders["wan"], transformer=theirs)
        pipeline.load_lora_weights(path)
        pipeline.fuse_lora()
        pipeline.unload_lora_weights()
    else:  # they read no alpha here: the layout without one is scaled by 1
        plain = {k: v for k, v in lora.load_file(path).items() if not k.endswith(".alpha")}
        plain = {k: v * (ALPHA / RANK if "lora_up" in k else 1) for k, v in plain.items()}
        renamed = {
            k.replace("diffusion_model", "transformer").replace("lora_down", "lora_A").replace("lora_up", "lora_B"): v
            for k, v in plain.items()
        }
        pipeline = diffusers.LTXPipeline.from_pretrained(folders["ltx"], transformer=theirs)
        pipeline.load_lora_weights(renamed)
        pipeline.fuse_lora()
        pipeline.unload_lora_weights()
    for name, value in theirs.named_parameters():
        assert torch.allclose(ours.get_parameter(name), value, atol=1e-5), name


def test_keys_that_fit_nothing_are_named_and_nothing_is_changed(folders, tmp_path):
    model = transformer(folders, "wan")
    before = {name: value.clone() for name, value in model.named_parameters()}
    good = written(tmp_path / "good.safetensors", "comfyui", model, WAN)
    down = torch.zeros(RANK, 24)
    strange = tmp_path / "strange.safetensors"

    def refused(tensors, match):
        save_file(lora.load_file(good) | tensors, strange)
        with pytest.raises(InputError, match=match):
            lora.apply(model, [(good, 1.0), (strange, 1.0)], "")

    refused({"diffusion_model.blocks.9.self_attn.q.lora_down.weight": down}, r"blocks\.9\.self_attn\.q\.lora_down")
    refused({"diffusion_model.blocks.1.self_attn.q.diff_b": down}, r"self_attn\.q\.diff_b \(2, 24\) for \(24,\)")
    refused({"transformer.blocks.1.attn1.to_v.dora_scale": down}, "dora_scale alone")
    refused({"lora_te_text_model_encoder.lora_down.weight": down}, "lora_te_text_model_encoder")
    refused({"diffusion_model.blocks.1.self_attn.k.lora_down.weight": down}, r"attn1\.to_k \(without its other half\)")
    wide = {"diffusion_model.blocks.1.self_attn.k.lora_down.weight": torch.zeros(RANK, 25)}
    refused(wide | {"diffusion_model.blocks.1.self_attn.k.lora_up.weight": torch.zeros(24, RANK)}, r"for \(24, 24\)")
    refused({f"x{n}.lora_A.weight": down.clone() for n in range(9)}, "and 4 more; use a LoRA that was trained")
    with pytest.raises(InputError, match=r"LTXVideoTransformer3DModel.*blocks"):
        lora.apply(transformer(folders, "ltx"), [(good, 1.0)], "")
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())


def test_files_that_are_no_lora_are_refused(tmp_path):
    bad = tmp_path / "bad.safetensors"
    for content, match in ((b"", "cannot be read"), (b"\xff" * 100, "cannot be read")):
        bad.write_bytes(content)
        with pytest.raises(InputError, match=match):
            lora.read(bad)
    (tmp_path / "bad.pt").touch()
    for name, match in (("bad.pt", "not a .safetensors"), ("none.safetensors", "not there")):
        with pytest.raises(InputError, match=match):
            lora.named(str(tmp_path / name))


def test_a_weight_may_stand_behind_the_name(tmp_path):
    file = tmp_path / "a.safetensors"
    file.touch()
    assert lora.named(str(file)) == (file, 1.0) and lora.named(f"{file}:-0.5") == (file, -0.5)
    for weight in ("nan", "inf", "11"):
        with pytest.raises(InputError, match="cannot be used: give -10 to 10"):
            lora.named(f"{file}:{weight}")


def test_a_lora_changes_the_clip_and_the_sum(folders, tmp_path):
    plain = registry.load(str(folders["wan"]), "cpu")
    path = written(tmp_path / "l.safetensors", "comfyui", plain.parts.transformer, WAN)
    effort = Effort(adapters=((path, 0.7),))
    changed = registry.load(str(folders["wan"]), "cpu", effort)
    row, plan = registry.card(str(folders["wan"])), tasks.imagine(torch.zeros(1, 16, 1, 2, 2), 3)
    ends = [parity.ours(model, row, plan, 2, 1.0)[-1] for model in (plain, changed)]
    assert float((ends[0] - ends[1]).abs().max()) > 1e-3 and plain.sha256 != changed.sha256


# kinds beyond two halves: each against a merge of its own


def base(model, name):
    return model.get_submodule(name).weight.detach().clone().float()


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


def kind_of_file(kind, old):
    """A module's tensors by their endings in a file of a kind, and the weight that they make of `old` in whole."""
    out, into = old.shape
    down, up = random(RANK, into), random(out, RANK, seed=1)
    if kind in ("dora rows", "dora columns", "peft dora"):
        new = old + ALPHA / RANK * up @ down
        by_row = kind != "dora columns"
        size = (out, 1) if by_row else (1, into)
        magnitude = random(*size, seed=2).abs() + 0.5
        made = magnitude * new / new.norm(dim=1 if by_row else 0, keepdim=True)
        own = {"peft dora": ".lora_magnitude_vector"}.get(kind, ".dora_scale")
        stored = magnitude[:, 0].clone() if kind == "peft dora" else magnitude
        return {".lora_down.weight": down, ".lora_up.weight": up, ".alpha": torch.tensor(ALPHA), own: stored}, made
    if kind == "loha":
        a, b, c, d = random(out, RANK), random(RANK, into), random(out, RANK, seed=3), random(RANK, into, seed=4)
        tensors = {".hada_w1_a": a, ".hada_w1_b": b, ".hada_w2_a": c, ".hada_w2_b": d, ".alpha": torch.tensor(ALPHA)}
        return tensors, old + ALPHA / RANK * (a @ b) * (c @ d)
    if kind == "lokr whole":
        one, two = random(4, 2), random(out // 4, into // 2)
        return {".lokr_w1": one, ".lokr_w2": two, ".alpha": torch.tensor(ALPHA)}, old + torch.kron(one, two)
    if kind == "lokr halves":
        one, a, b = random(4, 2), random(out // 4, RANK), random(RANK, into // 2)
        tensors = {".lokr_w1": one, ".lokr_w2_a": a, ".lokr_w2_b": b, ".alpha": torch.tensor(ALPHA)}
        return tensors, old + ALPHA / RANK * torch.kron(one, a @ b)
    assert kind == "diff"
    change = random(out, into)
    return {".diff": change}, old + change


KINDS = ("dora rows", "dora columns", "peft dora", "loha", "lokr whole", "lokr halves", "diff")


@pytest.mark.parametrize("prefix", ["diffusion_model.blocks.1.self_attn.k", "lora_unet_blocks_1_self_attn_k"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_an_independent_merge(folders, tmp_path, kind, prefix):
    model = transformer(folders, "wan")
    old, others = base(model, "blocks.1.attn1.to_k"), base(model, "blocks.1.attn1.to_q")
    tensors, whole = kind_of_file(kind, old)
    path = tmp_path / "l.safetensors"
    save_file({prefix + ending: value for ending, value in tensors.items()}, path)
    lora.apply(model, [(path, 0.5)], "")
    assert torch.allclose(base(model, "blocks.1.attn1.to_k"), old + 0.5 * (whole - old), atol=1e-5)
    assert torch.equal(base(model, "blocks.1.attn1.to_q"), others)


OUTER = {  # the authors' names of modules outside the blocks -> diffusers'
    "time_embedding.0": "condition_embedder.time_embedder.linear_1",
    "time_embedding.2": "condition_embedder.time_embedder.linear_2",
    "text_embedding.0": "condition_embedder.text_embedder.linear_1",
    "text_embedding.2": "condition_embedder.text_embedder.linear_2",
    "time_projection.1": "condition_embedder.time_proj",
    "head.head": "proj_out",
}


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("own", OUTER)
def test_time_text_and_head_modules_are_found(folders, tmp_path, own, flat):
    model, path = transformer(folders, "wan"), tmp_path / "l.safetensors"
    old = base(model, OUTER[own])
    down, up = random(RANK, old.shape[1]), random(old.shape[0], RANK)
    key = "lora_unet_" + own.replace(".", "_") if flat else f"diffusion_model.{own}"
    save_file({f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up}, path)
    lora.apply(model, [(path, 1.0)], "")
    assert torch.allclose(base(model, OUTER[own]), old + up @ down, atol=1e-5)


def test_a_step_distilled_file_changes_biases_norms_and_modulations(folders, tmp_path):
    """As lightx2v's: halves in the blocks, whole differences elsewhere."""
    model, path = transformer(folders, "wan"), tmp_path / "l.safetensors"
    before = {name: value.clone() for name, value in model.named_parameters()}
    names = {
        "head.head.diff": "proj_out.weight", "head.head.diff_b": "proj_out.bias",
        "blocks.0.self_attn.q.diff_b": "blocks.0.attn1.to_q.bias", "blocks.0.norm3.diff": "blocks.0.norm2.weight",
        "blocks.0.norm3.diff_b": "blocks.0.norm2.bias", "blocks.1.self_attn.norm_q.diff": "blocks.1.attn1.norm_q.weight",
        "blocks.1.diff_m": "blocks.1.scale_shift_table", "head.diff_m": "scale_shift_table",
        "patch_embedding.diff": "patch_embedding.weight",
    }  # fmt: skip
    tensors = {f"diffusion_model.{k}": random(*before[v].shape, seed=i) for i, (k, v) in enumerate(names.items())}
    save_file(tensors, path)
    lora.apply(model, [(path, 0.5)], "")
    changed = {v: tensors[f"diffusion_model.{k}"] for k, v in names.items()}
    for name, value in model.named_parameters():
        expected = before[name] + (0.5 * changed[name] if name in changed else 0)
        assert torch.allclose(value, expected, atol=1e-6), name


def test_rank_stabilised_scales_and_tables_of_alpha_are_honoured(folders, tmp_path):
    model = transformer(folders, "wan")
    olds = {name: base(model, name) for name in ("blocks.0.attn1.to_q", "blocks.1.attn1.to_q")}
    tensors, halves_ = {}, {}
    for name, old in olds.items():
        halves_[name] = random(RANK, old.shape[1]), random(old.shape[0], RANK)
        for what, value in zip("AB", halves_[name], strict=True):
            tensors[f"base_model.model.{name}.lora_{what}.weight"] = value
    path = tmp_path / "adapter_model.safetensors"
    save_file(tensors, path)
    said = {"r": RANK, "lora_alpha": ALPHA, "use_rslora": True, "alpha_pattern": {"blocks.1.attn1.to_q": 3.0}}
    path.with_name("adapter_config.json").write_text(json.dumps(said))
    lora.apply(model, [(path, 1.0)], "")
    for name, alpha in (("blocks.0.attn1.to_q", ALPHA), ("blocks.1.attn1.to_q", 3.0)):
        down, up = halves_[name]
        assert torch.allclose(base(model, name), olds[name] + alpha / RANK**0.5 * up @ down, atol=1e-5)


def test_a_renamed_peft_file_keeps_its_alpha_or_says_that_it_is_gone(folders, tmp_path):
    """peft writes alpha beside the file; diffusers' metadata goes with it."""
    model = transformer(folders, "wan")
    old, path = base(model, "blocks.0.attn1.to_q"), tmp_path / "renamed.safetensors"
    down, up = random(RANK, old.shape[1]), random(old.shape[0], RANK)
    key = "base_model.model.blocks.0.attn1.to_q"
    save_file({f"{key}.lora_A.weight": down, f"{key}.lora_B.weight": up}, path)
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": ALPHA}))
    with pytest.raises(InputError, match=r"renamed.*adapter_config\.json.*adapter_model\.safetensors"):
        lora.apply(model, [(path, 1.0)], "")


def test_one_module_under_two_names_is_refused(folders, tmp_path):
    model, path = transformer(folders, "wan"), tmp_path / "l.safetensors"
    tensors = {}
    for key in ("diffusion_model.blocks.0.self_attn.q", "transformer.blocks.0.attn1.to_q"):
        tensors |= {f"{key}.lora_A.weight": random(RANK, 24), f"{key}.lora_B.weight": random(24, RANK)}
    save_file(tensors, path)
    with pytest.raises(InputError, match="a second time, after"):
        lora.apply(model, [(path, 1.0)], "")


def test_a_lora_that_needs_a_control_clip_is_refused(folders, tmp_path):
    path = tmp_path / "ltxv-097-ic-lora-depth-control.safetensors"
    save_file({"transformer.proj_in.lora_A.weight": random(RANK, 8)}, path)
    with pytest.raises(InputError, match="needs a control clip"):
        lora.apply(transformer(folders, "ltx"), [(path, 1.0)], "")


def test_of_a_pair_each_network_takes_its_own(tmp_path):
    files = [(tmp_path / f"{name}.safetensors", 1.0) for name in ("a_high_noise", "a_LOW_noise", "style", "highway")]
    assert [p.stem for p, _ in lora.of_network(files, 0, 2)] == ["a_high_noise", "style", "highway"]
    assert [p.stem for p, _ in lora.of_network(files, 1, 2)] == ["a_LOW_noise", "style", "highway"]
    assert lora.of_network(files, 0, 1) == files


def test_a_pair_is_laid_over_two_networks(tmp_path):
    folder = tiny_models.wan_one_time(tmp_path / "m", two=True)
    files = []
    for half in ("high", "low"):
        files.append((tmp_path / f"l_{half}.safetensors", 1.0))
        save_file({"diffusion_model.head.head.diff_b": torch.full((16,), 1.0 if half == "high" else 2.0)}, files[-1][0])
    plain = registry.load(str(folder), "cpu")
    laid = registry.load(str(folder), "cpu", Effort(adapters=tuple(files)))
    for number, more in enumerate((1.0, 2.0)):
        old, new = (model.parts.networks[number].proj_out.bias for model in (plain, laid))
        assert torch.allclose(new, old + more)
