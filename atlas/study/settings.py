"""StudySettings: the ``[study]`` table, what people are asked about the pictures of classes."""

from typing import Annotated, Literal
from unicodedata import category
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from atlas.core.job import Frozen

TaskKind = Literal["description", "word", "photos", "rating"]
KINDS: tuple[TaskKind, ...] = ("description", "word", "photos", "rating")
"""In the order in which a person meets them: who had read the word of a class would describe its pictures by it."""
CONSENT = """You will look at pictures that computer programs made, and answer short questions about them. There is no
time limit, and it is the pictures that are tested, not you. Taking part is voluntary: close this page whenever you
like.

What is kept are your answers, how long each took, and a random number; nothing about you. It stays in this browser
until you save or send it at the end."""

Name = Annotated[str, Field(min_length=1)]


def _listed(value: object) -> object:
    """Let ``"all"`` stand for no choice, and a single name or number for a list of one."""
    if value == "all":
        return ()
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


class StudySettings(Frozen):
    """``[study]``: a page that asks people about the pictures of classes; `atlas study` reads their answers.

    Attributes:
        title: the page's heading.
        consent: what a person agrees to before the first question; an empty line begins a paragraph. Unless
            given, it is a general text.
        models: names of models; ``"all"`` takes every one.
        methods: whose pictures are compared; ``"all"`` takes every method that the classes were rendered by.
        classes: names, ids, indices or globs; ``"all"`` takes every class that each of the methods has a picture of.
        tasks: ``description`` (one word for a picture), ``word`` (which of four pictures belongs to a word), ``photos``
            (which of four belongs to nine photos), ``rating`` (from 1 to 5, how well a picture shows a word).
        per_person: questions that one person answers, besides the one that checks whether questions are read.
        seed: which classes are taken of many, who sees what, and in which order.
        post: a web address that takes the answers; without one people save them as a file.
    """

    model_config = ConfigDict(strict=True)

    title: str = Field(default="What do these pictures show?", min_length=1, max_length=200)
    consent: str = Field(default="", max_length=10_000)
    models: Annotated[tuple[Name, ...], BeforeValidator(_listed)] = ()
    methods: Annotated[tuple[Name, ...], BeforeValidator(_listed)] = ()
    classes: Annotated[tuple[Name | int, ...], BeforeValidator(_listed)] = ()
    tasks: Annotated[tuple[TaskKind, ...], BeforeValidator(_listed)] = KINDS
    per_person: int = Field(default=24, ge=4, le=100)
    seed: int = Field(default=0, ge=0, lt=2**31)
    post: str = Field(default="", max_length=500)

    @field_validator("tasks")
    @classmethod
    def _in_order(cls, tasks: tuple[TaskKind, ...]) -> tuple[TaskKind, ...]:
        return tuple(kind for kind in KINDS if kind in tasks) if tasks else KINDS

    @field_validator("title", "consent")
    @classmethod
    def _printable(cls, text: str, info: ValidationInfo) -> str:
        several = info.field_name == "consent"
        if any(category(letter) == "Cc" and not (several and letter in "\r\n\t") for letter in text) or not (
            several or text.strip()
        ):
            raise ValueError("must be text without control characters" + ("" if several else " and line breaks"))
        return text

    @field_validator("post")
    @classmethod
    def _address(cls, post: str) -> str:
        """Refuse what a browser would not post to, or what would end the page's content-security-policy early."""
        try:
            parts = urlsplit(post)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            sound = False
        if post and (
            not sound or "@" in parts.netloc or not post.isascii() or any(sign in " \t\r\n\"'<>;,\\" for sign in post)
        ):
            raise ValueError("must be a web address such as https://example.org/answers, without user name or spaces")
        return post

    @property
    def paragraphs(self) -> list[str]:
        """The consent text, paragraph by paragraph."""
        text = (self.consent if self.consent.strip() else CONSENT).replace("\r", "")
        return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]

    @property
    def origin(self) -> str:
        """Scheme, host and port of the address that answers are posted to; empty without one."""
        parts = urlsplit(self.post)
        return f"{parts.scheme}://{parts.netloc}" if self.post else ""
