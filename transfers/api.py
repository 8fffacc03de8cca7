from rest_framework.pagination import CursorPagination
from rest_framework.views import exception_handler as refuse  # noqa: F401


class ByKey(CursorPagination):
    ordering = "-id"
