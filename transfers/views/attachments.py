"""The address at which an attachment is opened."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.http.response import HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from pension_transfer.lib import blobs
from pension_transfer.lib.errors import NotNow, NotSeen
from transfers.models import Attachment, ScanBytes, TransferCase
from transfers.views.context import person

# Whatever a scan may hold, it is looked at and runs nothing: no script, no plug-in, no frame, no request.
HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox"


@require_safe
def attachment(request: HttpRequest, pk: int, number: int) -> HttpResponseBase:
    """The scan itself, piece by piece, for those who see the case; `download` saves it instead of showing it."""
    found = _seen(request, pk, number)
    etag = quote_etag(found.sha256)
    answer = get_conditional_response(request, etag=etag) or _streamed(found)
    as_file = bool(request.GET.get("download"))
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": HARMLESS,
        "Content-Disposition": content_disposition_header(as_file, found.name) or "attachment",
    }
    for name, value in headers.items():
        answer.headers[name] = value
    return answer


def _seen(request: HttpRequest, pk: int, number: int) -> Attachment:
    cases = TransferCase.objects.visible_to(person(request))
    found = Attachment.objects.filter(pk=number, case=pk, case__in=cases).first()
    if found is None:
        raise NotSeen(_("There is no such attachment in your branch."), "no_attachment")
    if found.scan_id is None:
        raise NotNow(_("This attachment is on its way from the center; it comes by itself."), "on_its_way")
    return found


def _streamed(found: Attachment) -> HttpResponse | StreamingHttpResponse:
    answer = StreamingHttpResponse(_pieces(found.sha256), content_type=found.media_type)
    answer.headers["Content-Length"] = str(found.size)
    return answer


def _pieces(sha256: str) -> Iterator[bytes]:
    return blobs.pieces(ScanBytes, "default", sha256)
