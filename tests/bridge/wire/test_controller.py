"""The controller as scripts of messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.wire.controller import (
    Controller,
    Effect,
    Happening,
    Listed,
    Offline,
    Online,
    Renewed,
    Send,
    Told,
    Updated,
    new_id,
)
from bridge.wire.messages import (
    Accepted,
    Cancel,
    Cancelled,
    ClientMessage,
    Failed,
    Fetch,
    Finished,
    History,
    JobSummary,
    Keep,
    Limits,
    ModelInfo,
    Picture,
    Queued,
    Refused,
    Submit,
    Welcome,
)

WELCOME = Welcome(1, "test", Limits(1, 1, 1, 1, 1), [], [], [])
OFFLINE = Offline("closed", "The connection was lost.")
JOB = Submit("j", "vary", candidates=2)


def online(epoch: int = 1) -> Online:
    return Online(WELCOME, epoch)


def connected() -> Controller:
    controller = Controller()
    controller.take(online())
    return controller


def accepted() -> Controller:
    controller = connected()
    controller.submit(JOB)
    controller.take(Accepted(1, "j", 0))
    return controller


def sent(effects: list[Effect]) -> list[ClientMessage]:
    return [effect.message for effect in effects if isinstance(effect, Send)]


def summary(state: str) -> History:
    return History([JobSummary("j", state, "", 0.0, [])])


def test_a_job_is_sent_on_the_present_connection() -> None:
    assert connected().submit(JOB) == [Send(JOB, 1)]


def test_a_name_is_given_once() -> None:
    controller = connected()
    controller.submit(JOB)
    with pytest.raises(ValueError, match="The job j exists"):
        controller.submit(JOB)
    assert len(controller.paintings) == 1


def test_what_is_asked_for_offline_is_sent_when_the_bridge_is_there() -> None:
    controller = Controller()
    assert controller.submit(JOB) == []
    assert controller.paintings["j"].state == "sending"
    assert controller.take(online(5)) == [online(5), Send(JOB, 5)]


def test_a_cancelled_job_that_never_left_is_over_at_once() -> None:
    controller = Controller()
    controller.submit(JOB)
    (update,) = controller.cancel("j")
    assert isinstance(update, Updated)
    assert update.painting.state == "cancelled"
    assert sent(controller.take(online())) == []


def test_an_accepted_job_is_not_sent_again() -> None:
    controller = accepted()
    controller.take(OFFLINE)
    assert sent(controller.take(online(2))) == [Fetch()]


def test_a_job_without_an_answer_is_sent_again() -> None:
    controller = connected()
    controller.submit(JOB)
    controller.take(OFFLINE)
    assert controller.take(online(2)) == [online(2), Send(JOB, 2)]


def test_a_job_that_had_arrived_after_all_is_fetched() -> None:
    controller = connected()
    controller.submit(JOB)
    controller.take(OFFLINE)
    controller.take(online(2))
    assert sent(controller.take(Refused("duplicate_job", "It exists.", job="j"))) == [Fetch("j")]
    assert not controller.paintings["j"].over


@pytest.mark.parametrize("wish", [Cancel("j"), Keep("j", [1])])
def test_a_wish_while_offline_is_sent_later(wish: Cancel | Keep) -> None:
    controller = accepted()
    controller.take(OFFLINE)
    asked = controller.cancel("j") if isinstance(wish, Cancel) else controller.keep("j", [1])
    assert asked == []
    assert wish in sent(controller.take(online(2)))


def test_a_wish_that_came_true_is_not_repeated() -> None:
    controller = accepted()
    assert sent(controller.cancel("j")) == [Cancel("j")]
    controller.take(Cancelled(2, "j"))
    controller.take(OFFLINE)
    assert sent(controller.take(online(2))) == []


def test_wishes_for_what_is_over_or_unknown_do_nothing() -> None:
    controller = accepted()
    controller.take(Finished(2, "j", [0], 1.0))
    for job in ("j", "never"):
        assert controller.cancel(job) == []
        assert controller.keep(job, [0]) == []


def test_a_job_the_bridge_forgot_fails_with_a_sentence() -> None:
    controller = accepted()
    controller.take(OFFLINE)
    controller.take(online(2))
    listed, update = controller.take(History([]))
    assert listed == Listed(History([]))
    assert isinstance(update, Updated)
    assert (update.painting.state, update.painting.code) == ("failed", "gone")
    assert "no longer knows this job" in update.painting.message


@pytest.mark.parametrize(
    ("state", "messages"),
    [("painting", []), ("queued", []), ("finished", [Fetch("j")]), ("failed", [Fetch("j")])],
)
def test_only_what_ended_meanwhile_is_fetched(state: str, messages: list[Fetch]) -> None:
    controller = accepted()
    assert sent(controller.take(summary(state))) == messages
    assert not controller.paintings["j"].over


def test_the_list_says_nothing_of_a_job_that_is_not_accepted_yet() -> None:
    controller = connected()
    controller.submit(JOB)
    assert controller.take(History([])) == [Listed(History([]))]


def test_a_refused_job_has_failed() -> None:
    controller = connected()
    controller.submit(JOB)
    (update,) = controller.take(Refused("queue_full", "Wait a little.", job="j"))
    assert isinstance(update, Updated)
    assert (update.painting.state, update.painting.message) == ("failed", "Wait a little.")


def test_a_refused_wish_is_told_and_the_job_goes_on() -> None:
    controller = accepted()
    controller.keep("j", [9])
    told = controller.take(Refused("bad_request", "There are 2 candidates.", "candidates", "j"))
    assert told == [Told("bad_request", "There are 2 candidates.", "j")]
    assert not controller.paintings["j"].over
    controller.take(OFFLINE)
    assert sent(controller.take(online(2))) == [Fetch()]


def test_a_layer_the_bridge_no_longer_holds_is_sent_again() -> None:
    controller = connected()
    whole = Submit("j", "vary", image=Picture(1, 1, "gray8", b"x", "hash"))
    controller.submit(whole)
    refused = Refused("unknown_picture", "Not kept.", "image", "j")
    assert sent(controller.take(refused)) == [whole]


def test_a_layer_that_was_never_whole_is_not_sent_for_ever() -> None:
    controller = connected()
    controller.submit(Submit("j", "vary", image=Picture(1, 1, "gray8", sha256="hash")))
    controller.take(Refused("unknown_picture", "Not kept.", "image", "j"))
    assert controller.paintings["j"].code == "unknown_picture"


def test_only_changes_are_told() -> None:
    controller = accepted()
    assert len(controller.take(Queued(2, "j", 1))) == 1
    controller.take(Finished(3, "j", [0], 1.0))
    assert controller.take(Finished(3, "j", [0], 1.0)) == []
    assert controller.take(Failed(4, "j", "internal", "Why.")) == []


def test_yesterdays_job_is_known_by_its_events() -> None:
    controller = connected()
    assert sent(controller.fetch("old")) == [Fetch("old")]
    (update,) = controller.take(Finished(3, "old", [0], 1.0))
    assert isinstance(update, Updated)
    assert controller.paintings["old"].state == "finished"


def test_a_forgotten_job_stays_away() -> None:
    controller = accepted()
    controller.forget("j")
    assert controller.take(Finished(3, "j", [0], 1.0)) == []
    assert dict(controller.paintings) == {}


def test_a_second_welcome_renews_what_is_offered_and_nothing_else() -> None:
    controller = accepted()
    paintings = dict(controller.paintings)
    model = ModelInfo("new", "latent", 512, 512, 20, 5.0, "euler")
    again = replace(WELCOME, models=[model])
    assert controller.take(again) == [Renewed(again)]
    assert controller.welcome == again
    assert controller.online
    assert dict(controller.paintings) == paintings


@pytest.mark.parametrize("happening", [OFFLINE, Refused("closed", "Bye.", fatal=True)])
def test_the_painter_is_told_what_is_no_jobs_affair(happening: Happening) -> None:
    (told,) = connected().take(happening)
    assert isinstance(told, (Offline, Told))
    assert told.message.endswith(".")


def test_names_are_never_the_same() -> None:
    assert len({new_id() for _ in range(100)}) == 100
