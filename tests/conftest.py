"""Files that take long come first, so that no worker waits for another at the end."""

import pytest

LONG = ("test_train_cli", "test_nano", "test_gait", "test_readme", "test_server_kills", "test_judge", "test_repertoire")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(scope="module")
def actors():
    """What is drawn counts as a rendered actor."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("motionalchemy.scene.kind.rendered", lambda *_: 9.0)
        yield
