"""What papers have of the numbers that scores tell: of other networks and photos, beside ours and never among them."""

from dataclasses import dataclass

from atlas.core.metric_card import Source
from atlas.core.sources import MACO, VIT_AND_CNN, VITAL

PREIMAGES = Source(
    title="Visualizing Deep Convolutional Neural Networks Using Natural Pre-Images",
    authors="A. Mahendran, A. Vedaldi",
    year=2016,
    url="https://arxiv.org/abs/1512.02017",
)


@dataclass(frozen=True)
class PaperTable:
    """A part of a paper's table.

    Attributes:
        number: name of the number of ours that it is like. where: in the paper. what: it is, and how it differs.
        columns: who judged, if that is said.
        lines: network, method, and a value for each column, as it is printed; shares in percent.
    """

    number: str
    paper: Source
    where: str
    what: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, str, tuple[str, ...]], ...]

    @property
    def cells(self) -> int:
        """How many cells it has."""
        return len(self.lines) * (len(self.columns) + 2)

    @property
    def cited(self) -> str:
        """The paper, shortly: ``Fel et al. 2023``."""
        names = self.paper.authors.split(", ")
        last = names[0].rpartition(" ")[2]
        return f"{last} {'et al. ' if len(names) > 2 else ''}{self.paper.year}"


def paper_tables(number: str) -> tuple[PaperTable, ...]:
    """Return what papers have of a number, by the name of ours."""
    return tuple(table for table in TABLES if table.number == number)


_RESNET = "ResNet50"
_CLASSES = "of classes, on ImageNet"
TABLES = (
    PaperTable(
        "transfer_top1",
        MACO,
        "table 2",
        "accuracy of six classifiers of 1,000 classes",
        ("MobileNet", "VGG16", "Xception", "EfficientNet", "ConvNeXt", "DenseNet"),
        (
            ("FlexiViT", "MACO", ("68", "64", "85", "88", "96", "84")),
            ("FlexiViT", "Fourier", ("38", "30", "61", "25", "52", "32")),
            ("ViT", "MACO", ("48", "50", "73", "63", "84", "66")),
            ("ViT", "Fourier", ("37", "30", "62", "25", "55", "31")),
            ("ResNetV2", "MACO", ("93", "90", "97", "82", "93", "93")),
            ("ResNetV2", "Fourier", ("36", "20", "64", "21", "60", "25")),
        ),
    ),
    PaperTable(
        "own_top1",
        VITAL,
        "table 1",
        f"accuracy of the network itself on its pictures {_CLASSES}",
        ("",),
        (
            (_RESNET, "VITAL", ("99.90",)),
            (_RESNET, "MACO, 224 pixels", ("29.43",)),
            (_RESNET, "Fourier, 224 pixels", ("21.30",)),
            (_RESNET, "DeepInversion", ("100.00",)),
            (_RESNET, "Plug-In Inversion", ("100.00",)),
        ),
    ),
    PaperTable(
        "plausibility_distance_1",
        MACO,
        "table 1",
        "1-KNN plausibility, in features that are not of length 1, so that sizes do not compare",
        ("FlexiViT", "ViT", "ResNetV2"),
        (
            ("each network", "MACO", ("1,473", "1,097", "1,248")),
            ("each network", "Fourier", ("1,815", "1,817", "1,837")),
            ("each network", "CBR", ("1,866", "1,920", "1,933")),
        ),
    ),
    PaperTable(
        "frechet",
        MACO,
        "table 1",
        "FID by InceptionV3",
        ("FlexiViT", "ViT", "ResNetV2"),
        (
            ("each network", "MACO", ("230.68", "241.68", "312.66")),
            ("each network", "Fourier", ("250.25", "257.81", "318.15")),
            ("each network", "CBR", ("247.12", "268.59", "346.41")),
        ),
    ),
    PaperTable(
        "frechet",
        VITAL,
        "table 1",
        f"FID by InceptionV3 of pictures {_CLASSES}",
        ("",),
        (
            (_RESNET, "VITAL", ("58.79",)),
            (_RESNET, "MACO, 224 pixels", ("360.74",)),
            (_RESNET, "Fourier, 224 pixels", ("422.44",)),
            (_RESNET, "DeepInversion", ("35.76",)),
            (_RESNET, "Plug-In Inversion", ("241.54",)),
        ),
    ),
    PaperTable(
        "zero_shot_top1",
        VITAL,
        "table 1",
        f"by CLIP ViT-B/32, of pictures {_CLASSES}",
        ("",),
        (
            (_RESNET, "photos", ("69.11",)),
            (_RESNET, "VITAL", ("66.62",)),
            (_RESNET, "MACO, 224 pixels", ("12.87",)),
            (_RESNET, "Fourier, 224 pixels", ("6.73",)),
            (_RESNET, "DeepInversion", ("29.90",)),
            (_RESNET, "Plug-In Inversion", ("17.53",)),
        ),
    ),
    PaperTable(
        "auc_strongest",
        VITAL,
        "table 2",
        "mean over 90 units, against their 50 strongest photos",
        ("",),
        (
            (_RESNET, "VITAL", ("0.5556",)),
            (_RESNET, "Fourier, 224 pixels", ("0.3073",)),
            (_RESNET, "MACO, 224 pixels", ("0.2561",)),
        ),
    ),
    PaperTable(
        "mad_strongest",
        VITAL,
        "table 2",
        "mean over 90 units, against their 50 strongest photos",
        ("",),
        (
            (_RESNET, "VITAL", ("0.1587",)),
            (_RESNET, "Fourier, 224 pixels", ("-0.8120",)),
            (_RESNET, "MACO, 224 pixels", ("-0.9678",)),
        ),
    ),
    *(
        PaperTable(
            number,
            VIT_AND_CNN,
            "table I",
            "inversions of the first layer of vision transformers, mean over 2,000 photos",
            ("",),
            tuple(
                ("ViT-S, -B, -L", method, (values[place],))
                for method, values in (
                    ("all of it", ("20.054", "0.015", "0.196")),
                    ("without attention matching", ("18.971", "0.019", "0.276")),
                    ("without regularisers", ("17.123", "0.017", "0.236")),
                    ("in pixels", ("12.712", "0.043", "0.334")),
                )
            ),
        )
        for place, number in enumerate(("psnr", "fft2d", "lpips"))
    ),
    PaperTable(
        "error",
        PREIMAGES,
        "table 4",
        "mean over photos of the relative error of inversions of descriptors, which are no networks",
        ("",),
        (
            ("HOG", "pre-images", ("36.6",)),
            ("HOGb", "pre-images", ("11.5",)),
            ("DSIFT", "pre-images", ("9.4",)),
            ("HOG", "HOGgle", ("60.1",)),
        ),
    ),
)
"""Those that the scores of pictures and inversions have like."""
