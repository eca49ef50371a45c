"""Tiny checkpoints with random weights in the real diffusers layout, made offline: LTX-Video and Wan 2.2 TI2V."""

import json

import torch

from motionalchemy.models import formats

LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("马向右奔跑猫坐着，。")
WORDS = ["the", "horse", "gallops", "to", "right", "a", "cat", "sits", "left", "it", "turns", "blurry"]


def vocabulary():
    """A unigram vocabulary of a few words and all letters."""
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -10.0), ("▁", -2.0)]
    return special + [(f"▁{word}", -3.0) for word in WORDS] + [(letter, -4.0) for letter in LETTERS]


def text(folder, kind, width):
    """A tokenizer and an encoder of kind T5 or UMT5 in `folder`."""
    _, transformers = formats.libraries()
    tokens = transformers.T5Tokenizer(vocab=vocabulary(), extra_ids=0)
    tokens.save_pretrained(folder / "tokenizer")
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokens),
        d_model=width,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=2,
        feed_forward_proj="gated-gelu",
    )
    encoder = getattr(transformers, f"{kind}EncoderModel")(config)
    encoder.save_pretrained(folder / "text_encoder")


def index(folder, pipeline, scheduler, transformer, vae, encoder, **more):
    """The model_index.json of a checkpoint, and its scheduler."""
    diffusers, _ = formats.libraries()
    scheduler.save_pretrained(folder / "scheduler")
    parts = {
        "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": ["transformers", encoder],
        "tokenizer": ["transformers", "T5TokenizerFast"],
        "transformer": ["diffusers", transformer],
        "vae": ["diffusers", vae],
    }
    facts = {"_class_name": pipeline, "_diffusers_version": diffusers.__version__, **parts, **more}
    (folder / "model_index.json").write_text(json.dumps(facts))


def spread(module, seed):
    """Random weights that are not near zero, so that every path of the network counts."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in sorted(module.named_parameters()):
            if value.ndim > 1:
                value.copy_(torch.randn(value.shape, generator=generator) / value[0].numel() ** 0.5)
            elif name.endswith("bias"):
                value.copy_(torch.randn(value.shape, generator=generator) * 0.1)
    return module


def ltx(folder, pipeline="LTXConditionPipeline", timed=True):
    """A tiny LTX-Video: 8 frames and 32 x 32 pixels to a latent of 8 channels."""
    diffusers, _ = formats.libraries()
    torch.manual_seed(0)
    text(folder, "T5", 24)
    transformer = diffusers.LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, num_attention_heads=2, attention_head_dim=12, cross_attention_dim=24, num_layers=2,
        caption_channels=24, qk_norm="rms_norm_across_heads",
    )  # fmt: skip
    spread(transformer, 1).save_pretrained(folder / "transformer")
    vae = diffusers.AutoencoderKLLTXVideo(
        latent_channels=8, block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1, 1), patch_size=4, patch_size_t=1,
        spatio_temporal_scaling=(True, True, True, False), decoder_spatio_temporal_scaling=(True, True, True, False),
        decoder_inject_noise=(False,) * 5, upsample_residual=(False,) * 4, upsample_factor=(1,) * 4,
        timestep_conditioning=timed, encoder_causal=True, decoder_causal=False,
    )  # fmt: skip
    spread(vae, 2)
    vae.latents_mean.copy_(torch.linspace(-0.5, 0.5, 8))
    vae.latents_std.copy_(torch.linspace(0.8, 1.5, 8))
    vae.save_pretrained(folder / "vae")
    shifting = {} if pipeline == "LTXConditionPipeline" else {
        "use_dynamic_shifting": True, "base_shift": 0.95, "max_shift": 2.05, "base_image_seq_len": 1024,
        "max_image_seq_len": 4096, "shift_terminal": 0.1,
    }  # fmt: skip
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=1.0, **shifting)
    index(folder, pipeline, scheduler, "LTXVideoTransformer3DModel", "AutoencoderKLLTXVideo", "T5EncoderModel")
    return folder


def wan(folder, expand=True):
    """A tiny Wan 2.2 TI2V: 4 frames and 16 x 16 pixels to a latent of 4 channels."""
    diffusers, _ = formats.libraries()
    torch.manual_seed(0)
    text(folder, "UMT5", 16)
    transformer = diffusers.WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4, text_dim=16,
        freq_dim=16, ffn_dim=32, num_layers=2, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
    )  # fmt: skip
    spread(transformer, 3).save_pretrained(folder / "transformer")
    vae = diffusers.AutoencoderKLWan(
        base_dim=4, decoder_base_dim=4, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, is_residual=True, in_channels=12,
        out_channels=12, patch_size=2, temperal_downsample=[False, True, True], scale_factor_spatial=16,
        latents_mean=[-0.2, 0.1, 0.3, 0.0], latents_std=[0.9, 1.1, 1.3, 0.8],
    )  # fmt: skip
    spread(vae, 4).save_pretrained(folder / "vae")
    scheduler = diffusers.UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0, num_train_timesteps=1000
    )
    index(
        folder, "WanPipeline", scheduler, "WanTransformer3DModel", "AutoencoderKLWan", "UMT5EncoderModel",
        expand_timesteps=expand, boundary_ratio=None, transformer_2=[None, None],
    )  # fmt: skip
    return folder


def clip_vision(folder, width):
    """A picture encoder of CLIP's kind and what prepares pictures for it, in `folder`."""
    _, transformers = formats.libraries()
    config = transformers.CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )
    transformers.CLIPVisionModel(config).eval().save_pretrained(folder / "image_encoder")
    transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(
        folder / "image_processor"
    )


def wan_one_time(folder, picture=False, two=False, clip=False, ends=False, boundary=0.9):
    """A tiny Wan that gives all frames one time: from words, or from a `picture`; of `two` networks; that sees through
    `clip`, both `ends` at once."""
    diffusers, _ = formats.libraries()
    torch.manual_seed(0)
    text(folder, "UMT5", 16)
    more = {"image_dim": 20, "added_kv_proj_dim": 24, "pos_embed_seq_len": 10 if ends else None} if clip else {}
    for number, name in enumerate(("transformer", "transformer_2")[: 1 + two]):
        transformer = diffusers.WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=12 if picture else 4,
            out_channels=4, text_dim=16, freq_dim=16, ffn_dim=32, num_layers=2, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads", **more,
        )  # fmt: skip
        spread(transformer, 5 + number).save_pretrained(folder / name)
    vae = diffusers.AutoencoderKLWan(
        base_dim=4, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
        latents_mean=[-0.2, 0.1, 0.3, 0.0], latents_std=[0.9, 1.1, 1.3, 0.8],
    )  # fmt: skip
    spread(vae, 4).save_pretrained(folder / "vae")
    if clip:
        clip_vision(folder, 20)
    scheduler = diffusers.UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, num_train_timesteps=1000
    )
    seen = {
        "image_encoder": ["transformers", "CLIPVisionModel"],
        "image_processor": ["transformers", "CLIPImageProcessor"],
    }
    index(
        folder, "WanImageToVideoPipeline" if picture else "WanPipeline", scheduler, "WanTransformer3DModel",
        "AutoencoderKLWan", "UMT5EncoderModel", expand_timesteps=False, boundary_ratio=boundary if two else None,
        transformer_2=["diffusers", "WanTransformer3DModel"] if two else [None, None],
        **(seen if clip else {name: [None, None] for name in seen} if picture else {}),
    )  # fmt: skip
    return folder
