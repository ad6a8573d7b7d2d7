import pytest
from tiny_clip import RESNET, write_clip

from models.vision.clip import ModelChoice


@pytest.fixture(scope="session")
def vit(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("vit"), "tiny-vit")


@pytest.fixture(scope="session")
def resnet(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("resnet"), "tiny-resnet", RESNET)


@pytest.fixture(params=["vit", "resnet"])
def tiny(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def choose():
    """Choose a tiny model for embedding."""

    def choice(tiny, **other):
        return ModelChoice(weights=tiny.weights, config=tiny.config, **other)

    return choice
