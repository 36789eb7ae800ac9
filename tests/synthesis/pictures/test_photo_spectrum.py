"""A spectrum from photos: right on average, and nothing lost over a broken file."""

import numpy as np
import pytest
import torch
from PIL import Image

from atlas.errors import PhotoError, SpectrumError
from atlas.synthesis.pictures.colour import recorrelate
from atlas.synthesis.pictures.photo_spectrum import make_spectrum, spectrum_of_photos
from atlas.synthesis.pictures.spectrum import load_spectrum


def photo(path, seed, size=(40, 32)):
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def test_the_spectrum_of_a_known_signal_is_found(tmp_path):
    # Made as MACO makes its pictures: a wave in the third decorrelated channel, recorrelated, through a sigmoid.
    wave = torch.zeros(1, 3, 32, 32, dtype=torch.float64)
    wave[0, 2] = torch.cos(2 * torch.pi * 5 * torch.arange(32) / 32).expand(32, 32)
    picture = torch.sigmoid(recorrelate(wave) * 3)[0].permute(1, 2, 0)
    Image.fromarray((picture * 255).round().byte().numpy()).save(tmp_path / "wave.png")
    spectrum, skipped = spectrum_of_photos([tmp_path / "wave.png"], size=32)
    assert skipped == []
    assert np.unravel_index(spectrum.argmax(), spectrum.shape) == (2, 0, 5)
    assert spectrum[2, 0, 5] == pytest.approx(3 * 32 * 32 / 2, rel=0.05)


def test_the_spectrum_is_the_mean_over_photos(tmp_path):
    one, two = photo(tmp_path / "1.png", 1), photo(tmp_path / "2.png", 2)
    both, _ = spectrum_of_photos([one, two], size=16)
    alone = [spectrum_of_photos([path], size=16)[0] for path in (one, two)]
    np.testing.assert_allclose(both, sum(alone) / 2, rtol=1e-6)


def test_broken_files_are_named_and_skipped(tmp_path):
    folder, output, seen = tmp_path / "photos", tmp_path / "new" / "natural.npy", []
    folder.mkdir()
    good = photo(folder / "good.png", 1)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / "empty.jpg").touch()
    report = make_spectrum([folder], output, size=16, on_photo=lambda done, total: seen.append((done, total)))
    assert report.used == 1
    assert [(photo.path.name, photo.reason) for photo in report.skipped][1] == ("empty.jpg", "the file is empty")
    assert seen == [(1, 3), (2, 3), (3, 3)]
    np.testing.assert_array_equal(load_spectrum(output).numpy(), spectrum_of_photos([good], size=16)[0])
    assert [path.name for path in output.parent.iterdir()] == ["natural.npy"]


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(SpectrumError, match="there are no files in .*empty"):
        make_spectrum([_folder(tmp_path / "empty")], tmp_path / "out.npy")


def test_no_usable_photo_is_an_error_that_names_them(tmp_path):
    folder = _folder(tmp_path / "texts")
    for number in range(12):
        (folder / f"{number:02}.txt").write_text("no photo")
    with pytest.raises(
        SpectrumError, match=r"none of the 12 files is a usable photo[\s\S]*00\.txt: not a photo[\s\S]*2 more"
    ):
        make_spectrum([folder], tmp_path / "out.npy")
    assert not (tmp_path / "out.npy").exists()


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(PhotoError, match="there is no file or folder"):
        make_spectrum([tmp_path / "nowhere"], tmp_path / "out.npy")


def test_an_output_that_cannot_be_written_is_an_error_before_the_work(tmp_path):
    good = photo(tmp_path / "good.png", 1)
    for output in (tmp_path, good / "out.npy"):
        with pytest.raises(SpectrumError, match="cannot write"):
            make_spectrum([good], output, on_photo=lambda *_: pytest.fail("the work was begun"))


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    good, output = photo(tmp_path / "good.png", 1), _folder(tmp_path / "out") / "natural.npy"
    output.write_bytes(b"the old one")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(SpectrumError, match="No space left"):
        make_spectrum([good], output, size=16)
    assert [path.read_bytes() for path in output.parent.iterdir()] == [b"the old one"]


@pytest.mark.parametrize("size", [0, 15, 8])
def test_a_size_that_cannot_be_is_refused(tmp_path, size):
    with pytest.raises(SpectrumError, match="even size"):
        make_spectrum([photo(tmp_path / "good.png", 1)], tmp_path / "out.npy", size=size)


def _folder(path):
    path.mkdir()
    return path
