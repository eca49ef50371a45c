"""Every layout in which people have checkpoints gives the same network; what is not read is refused in one sentence."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

diffusers = pytest.importorskip("diffusers", reason="public models need the extra gpu")

import tiny_models  # noqa: E402

from motionalchemy.errors import InputError, MissingPart, UnknownName  # noqa: E402
from motionalchemy.models import formats, lora_names, registry, tensors  # noqa: E402

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def wan(tmp_path_factory):
    return tiny_models.wan(tmp_path_factory.mktemp("wan"))


@pytest.fixture(scope="module")
def ltx(tmp_path_factory):
    return tiny_models.ltx(tmp_path_factory.mktemp("ltx"))


@pytest.fixture
def copy(wan, tmp_path):
    return shutil.copytree(wan, tmp_path / "copy")


def filled(place, part="transformer", dtype=torch.float32):
    kind = {"transformer": diffusers.WanTransformer3DModel, "vae": diffusers.AutoencoderKLWan}.get(part)
    if part == "text_encoder":
        kind = formats.libraries()[1].UMT5EncoderModel
    return formats.part(place, part, kind, dtype).fill()


def same(a, b):
    left, right = a.state_dict(), b.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[n], right[n]) for n in left)


def rewrite(file, change, **facts):
    """A file of weights, its tensors changed."""
    save_file(change(load_file(file)), file, facts or None)


def fp8(weights, ending, rows=False):
    """Matrices in 8-bit floats with their scales, and what they stand for."""
    stored, meant = {}, {}
    for name, value in weights.items():
        if value.ndim == 2 and "embedder" not in name and "table" not in name:
            scale = (value.abs().amax(1 if rows else (0, 1), keepdim=rows) / 448).float()
            small = (value / scale).to(torch.float8_e4m3fn)
            stored |= {name: small, name.removesuffix(".weight") + ending: scale}
            meant[name] = small.float() * scale
        else:
            stored[name] = meant[name] = value
    return stored, meant


def original(weights):
    """A Wan transformer by its authors' own names, by way of the table that LoRA files are read with."""
    import re

    found = {}
    for name, value in weights.items():
        module, _, leaf = name.rpartition(".")
        if leaf == "scale_shift_table":
            found["head.modulation" if not module else f"{module}.modulation"] = value
            continue
        for pattern, by in lora_names.OWN:
            module = re.sub(pattern, by, module) if module else module
        found[f"{module}.{leaf}"] = value
    return found


# what the libraries' own loaders read


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder"])
def test_a_folder_loads_as_its_librarys_own_loader_loads_it(wan, part, dtype):
    kind = {"transformer": diffusers.WanTransformer3DModel, "vae": diffusers.AutoencoderKLWan}.get(part)
    kind = kind or formats.libraries()[1].UMT5EncoderModel
    word = "dtype" if part == "text_encoder" else "torch_dtype"
    theirs, ours = kind.from_pretrained(wan / part, **{word: dtype}), filled(wan, part, dtype)
    assert same(ours, theirs)
    for name, value in theirs.state_dict().items():
        assert ours.state_dict()[name].dtype == value.dtype, name
    assert [n for n, _ in ours.named_buffers()] == [n for n, _ in theirs.named_buffers()]
    assert all(torch.equal(a, b) for a, b in zip(ours.buffers(), theirs.buffers(), strict=True))


def test_shards_and_variants_load(wan, copy):
    theirs = filled(wan)
    theirs.save_pretrained(copy / "transformer", max_shard_size="20KB")
    (copy / "transformer" / WEIGHTS).unlink(missing_ok=True)
    assert len(list((copy / "transformer").glob("*.safetensors"))) > 1 and same(filled(copy), theirs)
    for path in (copy / "transformer").glob("diffusion*"):
        path.unlink()
    theirs.to(torch.bfloat16).save_pretrained(copy / "transformer", variant="bf16")
    assert same(filled(copy, dtype=torch.bfloat16), theirs)


# silently wrong before


@pytest.mark.parametrize(
    ("ending", "rows"), [(".scale_weight", False), (".weight_scale", False), (".weight_scale", True)]
)
def test_the_scales_of_fp8_are_applied(copy, ending, rows):
    file = copy / "transformer" / WEIGHTS
    stored, meant = fp8(load_file(file), ending, rows)
    save_file(stored | {"scaled_fp8": torch.empty(0)} if ending == ".scale_weight" else stored, file)
    found = filled(copy).state_dict()
    assert all(torch.equal(found[name], value.float()) for name, value in meant.items())
    assert max(float(v.abs().max()) for v in found.values()) < 10


def test_the_scales_of_an_fp8_text_encoder_are_applied(copy):
    file = copy / "text_encoder" / "model.safetensors"
    stored, meant = fp8(load_file(file), ".scale_weight")
    save_file(stored, file)
    found = filled(copy, "text_encoder").state_dict()
    assert all(torch.allclose(found[name], value, atol=0) for name, value in meant.items())


def test_plain_fp8_is_read_as_it_stands(copy):
    file = copy / "transformer" / WEIGHTS
    old = load_file(file)
    save_file({name: value.to(torch.float8_e4m3fn) for name, value in old.items()}, file)
    found = filled(copy).state_dict()
    assert all(torch.equal(found[name], value.to(torch.float8_e4m3fn).float()) for name, value in old.items())


def test_eight_bit_integers_without_scales_are_refused_and_with_them_read(copy):
    file = copy / "transformer" / WEIGHTS
    old, name = load_file(file), "blocks.0.attn1.to_q.weight"
    whole = (old[name] * 100).round().to(torch.int8)
    save_file(old | {name: whole}, file)
    with pytest.raises(InputError, match=r"to_q\.weight as I8 without scales"):
        filled(copy)
    save_file(old | {name: whole, "blocks.0.attn1.to_q.weight_scale": torch.tensor(0.01)}, file)
    assert torch.equal(filled(copy).state_dict()[name], whole.float() * torch.tensor(0.01))


def test_a_text_encoder_is_never_random(copy, tmp_path):
    """Once its keys did not fit, its numbers were random, another clip at every load, under the same sum."""
    file = copy / "text_encoder" / "model.safetensors"
    rewrite(file, lambda old: {n.replace("SelfAttention", "Attention"): v for n, v in old.items()})
    with pytest.raises(
        InputError, match=r"is no UMT5EncoderModel.*lacks encoder\.block.*and \d+ more and holds encoder"
    ):
        registry.load(str(copy), "cpu")


def test_wans_own_names_of_the_text_encoder_are_read(wan, copy):
    import re

    table = [(r"^shared\.", "token_embedding."), (r"^encoder\.final_layer_norm\.", "norm.")]
    inner = r"^encoder\.block\.(\d+)\.layer\."
    table += [
        (inner + r"0\.SelfAttention\.relative_attention_bias\.", r"blocks.\1.pos_embedding.embedding."),
        (inner + r"0\.SelfAttention\.", r"blocks.\1.attn."),
        (inner + r"0\.layer_norm\.", r"blocks.\1.norm1."),
        (inner + r"1\.layer_norm\.", r"blocks.\1.norm2."),
        (inner + r"1\.DenseReluDense\.wi_0\.", r"blocks.\1.ffn.gate.0."),
        (inner + r"1\.DenseReluDense\.wi_1\.", r"blocks.\1.ffn.fc1."),
        (inner + r"1\.DenseReluDense\.wo\.", r"blocks.\1.ffn.fc2."),
    ]

    def renamed(old):
        found = {}
        for name, value in old.items():
            for pattern, by in table:
                name = re.sub(pattern, by, name)
            found[name] = value
        return {n: v for n, v in found.items() if not n.startswith("encoder.embed_tokens")}

    rewrite(copy / "text_encoder" / "model.safetensors", renamed)
    assert same(filled(copy, "text_encoder"), filled(wan, "text_encoder"))


@pytest.mark.parametrize("name", ["undistilled-finetune", "LTX-0.9.7-distilled", "any"])
def test_a_folders_name_decides_nothing(ltx, tmp_path, name):
    folder = shutil.copytree(ltx, tmp_path / name, ignore=shutil.ignore_patterns("*.safetensors"))
    row = registry.card(str(folder))
    assert row.defaults.guidance == 3 and row.stages[-1].steps == 40
    assert row.sampled(40, 3.0) is row.sampling
    shape = (1, 8, 4, 2, 2)
    assert row.sampled(7, 1.0).times(7, shape, 1.0) == [1.0, 0.9937, 0.9875, 0.9812, 0.975, 0.9094, 0.725, 0.0]
    assert row.sampled(3, 1.0).times(3, shape, 0.9094) == [0.9094, 0.725, 0.4219, 0.0]
    assert row.sampled(7, 3.0) is row.sampling


def test_one_step_of_the_first_ltx_has_times(tmp_path):
    row = registry.card(str(tiny_models.ltx(tmp_path / "m", "LTXPipeline", timed=False)))
    assert row.sampling.times(1, (1, 8, 4, 2, 2), 1.0) == [1.0, 0.0]


def test_an_autoencoder_without_its_statistics_is_refused(ltx, tmp_path):
    folder = shutil.copytree(ltx, tmp_path / "m")
    rewrite(folder / "vae" / WEIGHTS, lambda old: {n: v for n, v in old.items() if not n.startswith("latents_")})
    with pytest.raises(InputError, match=r"no AutoencoderKLLTXVideo.*lacks latents_mean, latents_std"):
        registry.load(str(folder), "cpu")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("solver_order", 3), ("final_sigmas_type", "sigma_min"), ("use_karras_sigmas", True), ("solver_type", "bh1")],
)
def test_a_schedulers_setting_is_honoured_or_refused(copy, setting, value):
    path = copy / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {setting: value}))
    with pytest.raises(InputError, match=f"scheduled with {setting}"):
        registry.card(str(copy))


def test_a_terminal_shift_is_honoured(copy):
    path = copy / "scheduler" / "scheduler_config.json"
    config = json.loads(path.read_text()) | {"shift_terminal": 0.1}
    path.write_text(json.dumps(config))
    scheduler = diffusers.UniPCMultistepScheduler.from_config(config)
    scheduler.set_timesteps(7)
    found = registry.card(str(copy)).sampling.times(7, (1, 16, 4, 2, 2), 1.0)
    assert found == pytest.approx(scheduler.sigmas.tolist(), abs=1e-6)


def test_flow_match_euler_is_honoured(copy):
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=8.0)
    scheduler.save_pretrained(copy / "scheduler")
    scheduler.set_timesteps(7)
    sampling = registry.card(str(copy)).sampling
    assert sampling.solver == "euler"
    assert sampling.times(7, (1, 16, 4, 2, 2), 1.0) == pytest.approx(scheduler.sigmas.tolist(), abs=1e-6)


# refused with a traceback, or not truly, before


def refusal(call, *arguments):
    with pytest.raises((InputError, MissingPart, UnknownName)) as raised:
        call(*arguments)
    text = str(raised.value)
    assert "\n" not in text and "Traceback" not in text
    return text


@pytest.mark.parametrize("part", ["transformer", "vae"])
def test_missing_and_prefixed_keys_are_named(copy, part):
    file = copy / part / WEIGHTS
    whole = load_file(file)
    save_file(dict(list(whole.items())[4:]), file)
    text = refusal(registry.load, str(copy), "cpu")
    assert "it lacks" in text and "and 1 more" in text and "give the file of that model, whole" in text
    save_file({f"net.{name}": value for name, value in whole.items()}, file)
    assert "holds net." in refusal(registry.load, str(copy), "cpu")


@pytest.mark.parametrize("method", ["bitsandbytes", "torchao", "quanto", "modelopt", "sdnq"])
def test_quantised_folders_are_refused_by_name(copy, method):
    path = copy / "transformer" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"quantization_config": {"quant_method": method}}))
    text = refusal(registry.load, str(copy), "cpu")
    assert f"quantised by {method}" in text and "GGUF" in text


@pytest.mark.parametrize(("ending", "maker"), [(".absmax", "bitsandbytes"), (".weight_scale_2", "NVFP4")])
def test_other_small_numbers_are_refused_by_their_maker(copy, ending, maker):
    more = {"blocks.0.attn1.to_q" + ending: torch.zeros(3)}
    rewrite(copy / "transformer" / WEIGHTS, lambda old: old | more)
    assert f"quantised by {maker}" in refusal(registry.load, str(copy), "cpu")


@pytest.mark.parametrize("part", ["transformer", "text_encoder", "vae"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.7])
def test_files_that_are_cut_short_are_refused(copy, part, share):
    file = next((copy / part).glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    assert "fetch it again" in refusal(registry.load, str(copy), "cpu")


def test_a_transformer_of_another_family_is_refused(ltx, copy):
    shutil.rmtree(copy / "transformer")
    shutil.copytree(ltx / "transformer", copy / "transformer")
    assert "put together from two models" in refusal(registry.load, str(copy), "cpu")


def test_a_file_of_another_family_says_what_it_is(ltx, copy):
    shutil.copy(ltx / "transformer" / WEIGHTS, copy / "transformer" / WEIGHTS)
    assert "looks like an LTX-Video transformer" in refusal(registry.load, str(copy), "cpu")


def test_an_authors_own_repository_is_no_pack(tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "WanModel", "model_type": "ti2v"}')
    text = refusal(registry.card, str(tmp_path))
    assert "authors' own layout" in text and "-Diffusers" in text


@pytest.mark.parametrize("pipeline", ["WanVACEPipeline", "LTX2Pipeline", "HunyuanVideo15ImageToVideoPipeline"])
def test_families_that_no_plan_fits_say_what_to_use(copy, pipeline):
    (copy / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
    text = refusal(registry.card, str(copy))
    assert pipeline in text and "use " in text


# single files


@pytest.fixture
def single(wan, tmp_path, monkeypatch):
    """A transformer alone, by its authors' names, in a file."""
    weights = original(load_file(wan / "transformer" / WEIGHTS))
    path = tmp_path / "wan.safetensors"
    save_file(weights, path)
    return path, weights


@pytest.mark.parametrize("prefix", ["", "model.diffusion_model.", "diffusion_model."])
def test_a_single_file_over_a_folders_configs(wan, single, prefix):
    path, weights = single
    save_file({prefix + name: value for name, value in weights.items()}, path)
    name = f"{wan}+{path}"
    assert same(filled(registry.where(name)), filled(wan))
    model = registry.load(name, "cpu")
    assert model.name == name and model.sha256 != registry.load(str(wan), "cpu").sha256


def test_a_file_of_diffusers_names_and_an_autoencoder(wan, tmp_path):
    for part in ("transformer", "vae"):
        shutil.copy(wan / part / WEIGHTS, tmp_path / f"{part}.safetensors")
    place = registry.where(f"{wan}+{tmp_path / 'transformer.safetensors'}+{tmp_path / 'vae.safetensors'}")
    assert same(filled(place), filled(wan)) and same(filled(place, "vae"), filled(wan, "vae"))


def test_a_file_alone_says_which_model_it_belongs_to(single, tmp_path, wan):
    assert "no size known here" in refusal(registry.card, str(single[0]))
    assert "is not there" in refusal(registry.card, str(tmp_path / "none.gguf"))
    assert "holds vae and no network" in refusal(registry.card, f"{wan}+{wan / 'vae' / WEIGHTS}")
    (tmp_path / "x.safetensors").write_bytes(b"not weights at all")
    assert "no head" in refusal(registry.card, str(tmp_path / "x.safetensors"))
    folder = tmp_path / "models"
    (folder / "diffusion_models").mkdir(parents=True)
    assert "folder of ComfyUI's" in refusal(registry.card, str(folder))
    loose = tmp_path / "loose"
    loose.mkdir()
    shutil.copy(single[0], loose)
    assert f"--model {loose}" in refusal(registry.card, str(loose))


def test_every_tensor_is_read_from_where_the_head_says(tmp_path):
    path = tmp_path / "a.safetensors"
    whole = {
        "a": torch.randn(3, 5),
        "b": torch.arange(4).half(),
        "c": torch.randn(2, 2).bfloat16(),
        "d": torch.empty(0),
    }
    save_file(whole, path, {"made": "here"})
    found = tensors.entries(path)
    assert found.keys() == whole.keys() and tensors.metadata(path) == {"made": "here"}
    assert all(torch.equal(found[name].read(), value) for name, value in whole.items())
    assert found["c"].read(torch.float32).dtype == torch.float32


# ComfyUI's folders


def test_comfyuis_folders_make_a_model(tmp_path):
    """A network, a text encoder that holds its tokenizer, an autoencoder, and no config anywhere."""
    import io

    import sentencepiece

    from motionalchemy.models import comfy, places

    _, transformers = formats.libraries()
    home = tmp_path / "models"
    network = diffusers.WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=1, attention_head_dim=128, in_channels=16, out_channels=16, text_dim=16,
        freq_dim=16, ffn_dim=32, num_layers=2, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
    )  # fmt: skip
    words = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the horse gallops to the right", "a cat sits and turns left"] * 20), model_writer=words,
        vocab_size=60, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    config = transformers.UMT5Config(
        vocab_size=64, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, feed_forward_proj="gated-gelu"
    )
    spoken = dict(transformers.UMT5EncoderModel(config).state_dict())
    spoken.pop("encoder.embed_tokens.weight", None)
    spoken["spiece_model"] = torch.frombuffer(bytearray(words.getvalue()), dtype=torch.uint8)
    autoencoder = diffusers.AutoencoderKLWan(base_dim=8)
    for folder, name, tensors_ in (
        ("diffusion_models", "wan2.1_t2v_tiny", original(network.state_dict())),
        ("text_encoders", "umt5_tiny", spoken),
        ("vae", "wan_2.1_vae", autoencoder.state_dict()),
    ):
        (home / folder).mkdir(parents=True)
        save_file({n: v.clone() for n, v in tensors_.items()}, home / folder / f"{name}.safetensors")
    file = home / "diffusion_models" / "wan2.1_t2v_tiny.safetensors"
    place = comfy.beside({"transformer": (file,)}, "wan-t2v-1.3b")
    assert place is not None and same(filled(place), network)
    model = registry.MODELS["wan-t2v-1.3b"].load(torch.device("cpu"), place)
    assert model.words(["the horse gallops"]).states.shape[-1] == 16
    assert not places.is_file(str(home))
