"""Decoding: every mode and mishap that a photo folder holds."""

import io
import random
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

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


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_damaged_metadata_leaves_a_photo_its_pixels(kind):
    """Upright or not: a byte of EXIF may be that of its orientation."""
    rng = random.Random(kind)
    exif = Image.Exif()
    for tag, value in [(0x0112, 6), (0x010F, "maker"), (0x0132, "2026:01:01 00:00:00")]:
        exif[tag] = value
    exif.get_ifd(0x8769)[0x829A] = 0.25
    data = encoded(Image.new("RGB", (4, 6), (90, 90, 90)), kind, exif=exif)
    start = data.index(b"MM\0*") if b"MM\0*" in data else data.index(b"II*\0")
    sizes = set()
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 2, 4))):
            damaged[start + rng.randrange(100)] = rng.choice((0, 1, 2, 5, 7, 12, 255, rng.randrange(256)))
        sizes.add(decode_bytes(bytes(damaged), "x").size)
    assert sizes == {(4, 6), (6, 4)}


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


def samples():
    """A photo in every format that is decoded, with what such files carry besides pixels."""
    rng = np.random.default_rng(0)

    def photo(mode="RGB"):
        return Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).convert(mode)

    exif, text = Image.Exif(), PngImagePlugin.PngInfo()
    exif[0x0112] = 6
    text.add_text("Comment", "x" * 200, zip=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    def moving(kind):
        return encoded(photo(), kind, save_all=True, append_images=[photo(), photo()])

    return {
        "jpeg": encoded(photo(), "JPEG", exif=exif, icc_profile=profile),
        "progressive": encoded(photo(), "JPEG", progressive=True),
        "cmyk": encoded(photo("CMYK"), "JPEG"),
        "mpo": moving("MPO"),
        "png": encoded(photo(), "PNG", pnginfo=text, exif=exif, icc_profile=profile),
        "palette": encoded(photo("P"), "PNG", transparency=3),
        "apng": moving("PNG"),
        "webp": encoded(photo(), "WEBP", exif=exif),
        "webp-lossless": encoded(photo("RGBA"), "WEBP", lossless=True),
        "webp-moving": moving("WEBP"),
        "avif": encoded(photo(), "AVIF", exif=exif),
        "avif-moving": moving("AVIF"),
        "tiff": encoded(photo(), "TIFF"),
        "tiff-pages": moving("TIFF"),
        "bmp": encoded(photo(), "BMP"),
        "gif": encoded(photo("P"), "GIF"),
        "gif-moving": moving("GIF"),
        "ppm": encoded(photo(), "PPM"),
        "jpeg2000": encoded(photo(), "JPEG2000"),
        "codestream": encoded(photo(), "JPEG2000", no_jp2=True),
        "tga": encoded(photo(), "TGA"),
        "tga-packed": encoded(photo(), "TGA", compression="tga_rle"),
    }


SAMPLES = samples()


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_is_sound(sample):
    assert sorted(decode_bytes(SAMPLES[sample], sample).size) == [12, 16]


def damaged(sample, rng):
    """Cut a file off, change bytes of its head or anywhere, put some in, take some out."""
    data = bytearray(sample)
    if rng.random() < 0.3:
        del data[rng.randrange(1, len(data)) :]
    for _ in range(rng.choice((0, 1, 2, 8, 40))):
        data[rng.randrange(min(len(data), rng.choice((60, 300, 10**6))))] = rng.choice((0, 127, 128, 255))
    if rng.random() < 0.2:
        place = rng.randrange(len(data))
        data[place:place] = rng.randbytes(rng.randrange(1, 40))
    if rng.random() < 0.2:
        place = rng.randrange(len(data))
        del data[place : place + rng.randrange(1, 9)]
    return bytes(data)


@pytest.mark.parametrize("sample", SAMPLES)
def test_damage_gives_a_picture_or_a_photo_error_and_nothing_else(sample, capfd):
    """Also where warnings are errors, as in these tests."""
    rng = random.Random(sample)
    found = []
    for _ in range(60):
        try:
            found.append(decode_bytes(damaged(SAMPLES[sample], rng), "a/damaged", max_pixels=1_000_000).mode)
        except PhotoError as error:
            found.append(error.message)
    named = [message for message in found if message != "RGB"]
    assert [message for message in named if not message.startswith("a/damaged: ") or "\n" in message] == []
    assert len(named) > 5
    capfd.readouterr()  # where the library for TIFF complains


@pytest.mark.parametrize(
    "error",
    [RuntimeError("x"), MemoryError(), SyntaxError("x"), EOFError(), UserWarning("x"), RecursionError(), KeyError(1)],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_decoder_raises_is_about_its_photo(monkeypatch, error):
    def fail(self):
        raise error

    monkeypatch.setattr(Image.Image, "load", fail)
    with pytest.raises(PhotoError, match=r"^a/x\.bmp: (broken or truncated|decoding it needs more memory)"):
        decode_bytes(SAMPLES["bmp"], "a/x.bmp")


def test_a_long_text_in_a_png_does_no_harm():
    text = PngImagePlugin.PngInfo()
    text.add_text("workflow", "x" * 5_000_000, zip=True)
    assert decode_bytes(encoded(Image.new("L", (4, 3)), "PNG", pnginfo=text), "x").size == (4, 3)


def test_metadata_that_inflates_without_end_is_refused():
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * 80_000_000, zip=True)
    with pytest.raises(PhotoError, match=r"^bomb\.png: .*too large"):
        decode_bytes(encoded(Image.new("L", (4, 4)), "PNG", pnginfo=text), "bomb.png")
