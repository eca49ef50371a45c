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
from motionalchemy.models import base, lora, registry  # noqa: E402

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
    refused({"diffusion_model.blocks.1.self_attn.q.diff_b": down}, r"self_attn\.q\.diff_b")
    refused({"transformer.blocks.1.attn1.to_v.dora_scale": down}, "dora_scale")
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
    effort = base.Effort(adapters=((path, 0.7),))
    changed = registry.load(str(folders["wan"]), "cpu", effort)
    row, plan = registry.card(str(folders["wan"])), tasks.imagine(torch.zeros(1, 16, 1, 2, 2), 3)
    ends = [parity.ours(model, row, plan, 2, 1.0)[-1] for model in (plain, changed)]
    assert float((ends[0] - ends[1]).abs().max()) > 1e-3 and plain.sha256 != changed.sha256
