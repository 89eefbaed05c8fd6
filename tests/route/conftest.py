"""What the tests of routing share: the shipped tables, loaded once, and predictions made by hand."""

from collections.abc import Callable

import pytest

from pipeline.infer.prediction import Answer, Prediction
from pipeline.route import Decision, Router


@pytest.fixture(scope="session")
def router() -> Router:
    return Router.load()


@pytest.fixture(scope="session")
def decide(router: Router) -> Callable[..., Decision]:
    """Route one ticket; answers are given as labels or as whole answers, ``None`` leaves the head out."""

    def run(
        text: str = "请处理",
        domain: Answer | str | None = "其他",
        urgency: Answer | str | None = "一般",
        nature: Answer | str | None = "求助",
        *,
        address: str = "",
        time: object = None,
        heads: dict[str, Answer] | None = None,
    ) -> Decision:
        given = {"领域": domain, "紧急程度": urgency, "诉求类型": nature}
        answers = {
            head: Answer(answer, 0.9) if isinstance(answer, str) else answer
            for head, answer in given.items()
            if answer is not None
        }
        prediction = Prediction(answers if heads is None else heads, "toy-1")
        return router.route(id="T1", text=text, address=address, time=time, prediction=prediction)

    return run
