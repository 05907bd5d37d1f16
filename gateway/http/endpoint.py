"""/graphql: a request comes in, its token is read, it is admitted, runs and is answered, by one deadline."""

import asyncio
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import structlog
from graphql import ExecutionResult
from starlette.types import Receive, Scope, Send

from gateway.admission import Admission, Refused
from gateway.config import LimitSettings
from gateway.context import Context
from gateway.domain.caller import CALLER, Caller
from gateway.domain.places import Places
from gateway.domain.viewer import Viewer
from gateway.engine import AdmittedOperation, Engine
from gateway.errors import GatewayError, GatewayOverloaded, GatewayStopping, InternalError
from gateway.http import answer
from gateway.http.answers import Answer, Answers, Question
from gateway.http.authentication import Authenticator, bearer_token
from gateway.http.consistency import CatchUp, seen_generation
from gateway.http.cors import Cors
from gateway.http.deadline import ClientGone, Deadline, while_awaited
from gateway.http.detached import Detached
from gateway.http.errors import formatted_errors
from gateway.http.graphql_request import RawRequest, from_body, from_query_string, of_body
from gateway.http.media_type import MediaType, negotiated, require_json
from gateway.http.refusal import HttpRefusal
from gateway.http.reply import Header, Reply, headers_of, is_sent_at_once, send_reply
from gateway.http.request_counts import RequestCounts
from gateway.http.request_headers import RequestHeaders
from gateway.http.request_record import RequestRecord
from gateway.http.request_span import begin, end, part
from gateway.http.slow_operation import log_slow
from gateway.serving import Again, SendWhole
from gateway.store.consistency import Seen
from gateway.tracing import Trace, Tracer, trace_of

log = structlog.get_logger()

NewContext = Callable[[Viewer, str], Context]
"""Makes what resolvers use, from the viewer and the request id."""


class _Asked(NamedTuple):
    """A whole request as far as its answer depends on it, but for the time it came at."""

    scope: Scope
    given_id: str | None
    token: str | None
    request: RawRequest
    media_type: MediaType
    marks: tuple[Header, ...]
    trace: Trace | None


class GraphQLEndpoint:
    """The ASGI application behind /graphql."""

    def __init__(
        self,
        *,
        admission: Admission,
        engine: Engine,
        new_context: NewContext,
        answers: Answers,
        catch_up: CatchUp,
        authenticator: Authenticator,
        cors: Cors,
        limits: LimitSettings,
        mutations: Detached,
        counts: RequestCounts,
        slow_seconds: float,
        tracer: Tracer | None,
    ) -> None:
        self._admission = admission
        self._engine = engine
        self._new_context = new_context
        self._answers = answers
        self._catch_up = catch_up
        self._authenticator = authenticator
        self._cors = cors
        self._limits = limits
        self._mutations = mutations
        self._turns = Places(limits.requests_at_once, queue_max=sys.maxsize)
        self._counts = counts
        self._slow_seconds = slow_seconds
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request, whatever happens; only a client that left gets no answer."""
        headers = RequestHeaders(scope["headers"])
        record = RequestRecord(scope, headers.get(b"x-request-id"))
        record.bind()
        record.trace = trace_of(headers.get(b"traceparent"), headers.get(b"tracestate"))
        if self._tracer is not None:
            begin(self._tracer, record)
        try:
            reply = self._cors.preflight(scope["method"], headers)
            if reply is None:
                reply = await self._reply(scope, headers, receive, record)
            record.status = reply.status
            more = (record.header, *self._cors.marks(headers))
            if not is_sent_at_once(scope, reply, more):
                await send_reply(send, reply, more)
        except ClientGone:
            pass
        finally:
            self._counts.count(record, record.write())
            end(record)

    def answer_at_once(self, scope: Scope, body: bytes, send_whole: SendWhole) -> Again | None:
        """Answers a whole request for which an answer is kept, in one write; None, with nothing done, for any other.

        Whatever is wrong with a request is said on the usual way, which it then takes.
        """
        if not self._answers.are_kept or len(body) > self._limits.body_max_bytes:
            return None
        headers = RequestHeaders(scope["headers"])
        try:
            token, seen = _head(scope, headers)
            request = self._in_query_string(scope) if scope["method"] == "GET" else of_body(body)
            media_type = negotiated(headers.raw(b"accept"))
        except GatewayError:
            return None
        given_id, marks = headers.get(b"x-request-id"), self._cors.marks(headers)
        trace = trace_of(headers.get(b"traceparent"), headers.get(b"tracestate")) if self._tracer else None
        again = partial(self._is_sent_kept, _Asked(scope, given_id, token, request, media_type, marks, trace))
        return again if seen is None and again(send_whole) else None

    def _is_sent_kept(self, asked: "_Asked", send_whole: SendWhole) -> bool:
        """Sends the answer that is kept for a request; False where there is none, or something has to be done before.

        The token's times, its session and the answer's age are looked at each time.
        """
        record = RequestRecord(asked.scope, asked.given_id)
        try:
            record.viewer = viewer = self._authenticator.known(asked.token)
        except GatewayError:
            return False
        if viewer is None:
            return False
        kept = self._answers.kept(self._answers.question(viewer, asked.request, asked.token))
        if kept is None:
            return False
        reply = answer.executed(record.share(kept), asked.media_type, record)
        if not send_whole(reply.status, headers_of(reply, (record.header, *asked.marks)), reply.body):
            return False
        record.status = reply.status
        seconds = record.write()
        self._counts.count(record, seconds)
        if self._tracer is not None:
            record.trace = asked.trace
            begin(self._tracer, record, seconds_ago=seconds)
            end(record)
        return True

    async def _reply(self, scope: Scope, headers: RequestHeaders, receive: Receive, record: RequestRecord) -> Reply:
        media_type = MediaType.JSON
        try:
            media_type = negotiated(headers.raw(b"accept"))
            return answer.executed(await self._answer(scope, headers, receive, record), media_type, record)
        except ClientGone:
            raise
        except asyncio.CancelledError:  # by the server, which gives up what still runs at its end
            return answer.failed(GatewayStopping(), media_type, record)
        except Refused as refused:
            errors = formatted_errors(refused.errors, record.request_id)
            return answer.refused(errors, refused.http_status, media_type, record)
        except GatewayError as error:
            return answer.failed(error, media_type, record)
        except Exception:
            log.exception("internal_error")
            return answer.failed(InternalError(), media_type, record)

    async def _answer(self, scope: Scope, headers: RequestHeaders, receive: Receive, record: RequestRecord) -> Answer:
        deadline = Deadline(self._limits.request_timeout_seconds)
        token, seen = _head(scope, headers)
        # The body comes before the token is checked: from then on all that can still come in is that the client left.
        if scope["method"] == "GET":
            request = self._in_query_string(scope)
        else:
            request = await from_body(headers, receive, max_bytes=self._limits.body_max_bytes, deadline=deadline)
        work = self._answered(request, token, seen, record, deadline)
        return await while_awaited(work, scope, receive, deadline)

    def _in_query_string(self, scope: Scope) -> RawRequest:
        return from_query_string(scope["query_string"], max_bytes=self._limits.body_max_bytes)

    async def _answered(
        self, request: RawRequest, token: str | None, seen: Seen | None, record: RequestRecord, deadline: Deadline
    ) -> Answer:
        record.viewer = viewer = await self._authenticator.viewer(token)
        if seen is not None and viewer.may_see(seen.company_id):
            await self._catch_up(seen.company_id, seen.number)
        question = self._answers.question(viewer, request, token)
        shared = self._answers.kept(question) or await self._answers.under_way(question)
        return await self._made(question, token, record, deadline) if shared is None else record.share(shared)

    async def _made(self, question: Question, token: str | None, record: RequestRecord, deadline: Deadline) -> Answer:
        operation = self._admitted(question, record)
        record.operation, record.operation_type = operation.operation_name, operation.kind
        is_mutation = operation.kind == "mutation"
        if is_mutation:
            deadline.prolong(self._limits.mutation_timeout_seconds)
        span = part(self._tracer, "execution", record)
        caller = Caller(record.request_id, token, record.trace if span is None else span.trace, until=deadline.at)
        CALLER.set(caller)

        async def make() -> Answer:
            return await self._run(operation, question.viewer, record)

        try:
            if is_mutation:
                return await self._mutations.run(make())
            return await (self._answers.made(question, make) if operation.is_shareable else make())
        finally:
            if span is not None:
                span.end()
            seconds = record.seconds
            if seconds >= self._slow_seconds:
                log_slow(operation, caller, seconds)

    async def _run(self, operation: AdmittedOperation, viewer: Viewer, record: RequestRecord) -> Answer:
        """The answer, once it is the operation's turn; GatewayOverloaded where that does not come in time."""
        if not await self._turns.enter(self._limits.turn_seconds):
            raise GatewayOverloaded
        began = time.monotonic()
        try:
            result = self._engine.run(operation, self._new_context(viewer, record.request_id))
            return answer.of(result if isinstance(result, ExecutionResult) else await result, record)
        finally:
            self._turns.leave(time.monotonic() - began)

    def _admitted(self, question: Question, record: RequestRecord) -> AdmittedOperation:
        request, span = question.request.read(), part(self._tracer, "admission", record)
        try:
            return self._admission.admit(
                request.query,
                request.operation_name,
                request.variables,
                question.viewer,
                allow_mutation=not question.request.is_get,
            )
        finally:
            if span is not None:
                span.end()


def _head(scope: Scope, headers: RequestHeaders) -> tuple[str | None, Seen | None]:
    """What a request says before its body: the token, not yet checked, and what the client has seen.

    GatewayError for a request that need not be read any further.
    """
    if scope["method"] not in ("GET", "POST"):
        raise HttpRefusal(405, "The graph is asked by GET or POST.", {"Allow": "GET, POST"})
    if scope["method"] == "POST":
        require_json(headers)
    return bearer_token(headers.get(b"authorization")), seen_generation(headers)
