"""Decoding: every mode and mishap that a photo folder holds."""

import io
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from atlas.errors import PhotoError
from atlas.photos.decode import MAX_PIXELS, decode_bytes, decode_photo


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def decode(tmp_path):
    def run(data, name="photo", **options):
        path = tmp_path / name
        path.write_bytes(data)
        return decode_photo(path, **options)

    return run


def pixel(image, x=0, y=0):
    assert image.mode == "RGB"
    return image.getpixel((x, y))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGB", (2, 2), (10, 20, 30)), (10, 20, 30)),
        (Image.new("L", (2, 2), 77), (77, 77, 77)),
        (Image.new("1", (2, 2), 1), (255, 255, 255)),
        (Image.new("RGB", (2, 2), (200, 100, 50)).convert("P", palette=Image.Palette.ADAPTIVE), (200, 100, 50)),
        (Image.new("RGBA", (2, 2), (255, 0, 0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (2, 2), (255, 0, 0, 51)), (255, 204, 204)),
        (Image.new("LA", (2, 2), (0, 51)), (204, 204, 204)),
        (Image.fromarray(np.full((2, 2), 128 * 257, np.uint16)), (128, 128, 128)),
    ],
    ids=["rgb", "grey", "bilevel", "palette", "invisible", "alpha", "grey-alpha", "grey-16"],
)
def test_every_mode_becomes_rgb(decode, image, expected):
    assert pixel(decode(encoded(image))) == expected


def test_a_transparent_palette_entry_is_white(decode):
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 250, 10, 10])
    assert pixel(decode(encoded(image, transparency=1))) == (255, 255, 255)
    assert pixel(decode(encoded(image, "GIF", transparency=0))) == (250, 10, 10)


def test_cmyk_becomes_rgb(decode):
    red, green, blue = pixel(decode(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)))
    assert red > 240
    assert max(green, blue) < 15


def adobe_jpeg(stored, transform):
    """Return a CMYK JPEG as Adobe writes it: components inverted, and as YCCK if ``transform`` is 2."""
    # Pillow writes 255 minus what it is given, and the marker with transform 0.
    data = encoded(Image.new("CMYK", (16, 16), tuple(255 - value for value in stored)), "JPEG", quality=100)
    place = data.index(b"Adobe") + 11
    assert data[place] == 0
    return data[:place] + bytes([transform]) + data[place + 1 :]


@pytest.mark.parametrize(
    ("stored", "transform", "expected"),
    [
        ((255, 255, 255, 255), 0, (255, 255, 255)),  # no ink
        ((255, 255, 255, 0), 0, (0, 0, 0)),
        ((0, 255, 255, 255), 0, (0, 255, 255)),  # all the cyan there is
        ((255, 255, 255, 128), 0, (128, 128, 128)),
        ((55, 128, 128, 255), 2, (200, 200, 200)),  # Y, Cb, Cr of 255 - CMY
        ((0, 128, 128, 255), 2, (255, 255, 255)),
    ],
)
def test_adobes_inverted_cmyk_is_turned_the_right_way(decode, stored, transform, expected):
    found = pixel(decode(adobe_jpeg(stored, transform)), 5, 5)
    assert max(abs(value - wanted) for value, wanted in zip(found, expected, strict=True)) <= 3


def test_cmyk_in_a_tiff_is_not_inverted(decode):
    assert pixel(decode(encoded(Image.new("CMYK", (4, 4), (255, 0, 0, 0)), "TIFF"))) == (0, 255, 255)


def test_bytes_are_decoded_like_files(decode):
    data = encoded(Image.effect_noise((12, 9), 80).convert("RGB"), "JPEG")
    assert decode_bytes(data, "x").tobytes() == decode(data).tobytes()
    for broken, reason in [(b"", "the file is empty"), (b"text", "not a photo"), (data[:300], "truncated")]:
        with pytest.raises(PhotoError, match=rf"a/x\.jpg: .*{reason}"):
            decode_bytes(broken, "a/x.jpg")
    with pytest.raises(PhotoError, match="12 x 9 pixels are too many"):
        decode_bytes(data, "x", max_pixels=100)


def test_several_threads_decode_without_touching_warnings():
    data = encoded(Image.new("RGB", (64, 64), (9, 9, 9)), "JPEG")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        sizes = {image.size for image in pool.map(lambda _: decode_bytes(data, "x"), range(400))}
    assert sizes == {(64, 64)}
    assert list(warnings.filters) == before


def test_sixteen_bit_tiff_of_either_byte_order_is_scaled(decode):
    for order in "<", ">":
        array = np.full((2, 2), 40000, dtype=f"{order}u2")
        image = Image.frombytes("I;16" if order == "<" else "I;16B", (2, 2), array.tobytes())
        assert pixel(decode(encoded(image, "TIFF"))) == (156, 156, 156)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_camera_is_applied(decode, orientation):
    # What each EXIF orientation says of the stored picture; undoing it must give the upright one.
    stored_as = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = Image.fromarray(np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright if stored_as is None else upright.transpose(stored_as)
    found = decode(encoded(stored, "PNG", exif=exif))
    assert np.array_equal(np.asarray(found), np.asarray(upright))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "PPM"])
def test_the_usual_formats_are_read_whatever_the_file_is_called(decode, kind):
    found = decode(encoded(Image.new("RGB", (16, 16), (200, 200, 200)), kind), name="a.txt")
    assert np.abs(np.array(pixel(found)) - 200).max() <= 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello, I am text", "not a photo"),
        (encoded(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG")[:400], "truncated"),
        (encoded(Image.effect_noise((64, 64), 50))[:300], "broken or truncated"),
        (encoded(Image.new("F", (2, 2)), "TIFF"), "floating-point"),
        (encoded(Image.new("RGB", (2, 2)), "PDF"), "not a photo"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a photo"),
    ],
    ids=["empty", "text", "truncated-jpeg", "truncated-png", "float", "pdf", "eps"],
)
def test_what_cannot_be_decoded_is_named_with_its_reason(decode, data, reason):
    with pytest.raises(PhotoError, match=rf"broken\.jpg: .*{reason}"):
        decode(data, name="broken.jpg")


def test_an_enormous_photo_is_refused_from_its_header(decode):
    # 225 megapixels of black are a few kilobytes of PNG; its pixels are cut off, so that decoding would fail otherwise.
    header = encoded(Image.new("1", (1, 1)))[:16] + (15000).to_bytes(4, "big") * 2
    chunk = header + b"\x01\x00\x00\x00\x00"
    data = chunk + zlib.crc32(chunk[12:]).to_bytes(4, "big")
    with pytest.raises(PhotoError, match="15000 x 15000 pixels are too many|far too many pixels"):
        decode(data + encoded(Image.new("1", (1, 1)))[33:])


def test_the_limit_is_exact(decode):
    data = encoded(Image.new("L", (30, 20)))
    assert decode(data, max_pixels=600).size == (30, 20)
    with pytest.raises(PhotoError, match="30 x 20 pixels are too many"):
        decode(data, max_pixels=599)
    assert MAX_PIXELS < Image.MAX_IMAGE_PIXELS


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(PhotoError, match="there is no such file"):
            decode_photo(path)


SAMPLES = [
    encoded(Image.effect_noise((12, 9), 80).convert(mode), kind)
    for mode, kind in [("RGB", "JPEG"), ("RGB", "PNG"), ("P", "GIF"), ("RGB", "WEBP"), ("RGB", "TIFF"), ("L", "BMP")]
]


@settings(max_examples=150)
@given(
    sample=st.sampled_from(SAMPLES),
    damage=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0.1, 1),
)
def test_damage_gives_a_picture_or_a_photo_error_and_nothing_else(tmp_path_factory, sample, damage, keep):
    data = bytearray(sample[: max(1, int(len(sample) * keep))])
    for place, value in damage:
        data[place % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data)
    try:
        found = decode_photo(path, max_pixels=1_000_000).mode
    except PhotoError as error:
        found = error.message
    assert found == "RGB" or "damaged: " in found
