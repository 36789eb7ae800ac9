"""Cards of the numbers of units on photos: what each says, kept in the store with the statistics."""

from atlas.core.metric_card import MetricCard

CARDS = (
    MetricCard(
        name="photo_activation",
        title="activation on photos",
        title_of_class="logit on photos",
        about="photos",
        summary="what the unit answers to real photos, each of them whole and cut into parts",
        meaning=(
            "The histogram is the scale for the pictures: it shows what the unit answers to things that exist. "
            "Pictures that are made for a unit often land far beyond all photos.",
        ),
        definition="The unit's activation, mean over positions (of a class its logit), on every view of every photo.",
        unit="activation",
        n="one value for each view: a photo or a part of it",
        limits=("Other photos give another histogram.",),
    ),
)
