"""Signing in, and in again after a session has ended; changing the password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from transfers.views.posting import is_piece


@method_decorator(login_not_required, name="dispatch")  # an own dispatch loses the parent's mark
class SignIn(LoginView):
    template_name = "sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A piece of a page that met the end of its session makes the whole page ask to sign in."""
        if is_piece(request):
            return HttpResponseClientRefresh()
        return super().dispatch(request, *args, **kwargs)


class ChangePassword(PasswordChangeView):
    template_name = "password_change.html"
    success_url = reverse_lazy("cartable")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password has been changed."))
        return super().form_valid(form)
