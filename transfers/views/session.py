"""Signing in, and in again after a session has ended; changing the password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRefresh

from pension_transfer.lib.posting import is_piece


class SignInForm(AuthenticationForm):
    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": gettext_lazy(
            "The user name or the password is wrong. Mind the keyboard's language and capital letters, and try again."
        )
    }


@method_decorator(login_not_required, name="dispatch")  # an own dispatch loses the parent's mark
class SignIn(LoginView):
    template_name = "sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A piece of a page that met the end of its session makes the whole page ask to sign in."""
        if is_piece(request):
            return HttpResponseClientRefresh()
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """`was_inside`: whether a page with something to lose asked to sign in; the first page has nothing."""
        asked = self.get_redirect_url()
        return super().get_context_data(**kwargs) | {"was_inside": asked not in ("", reverse("cartable"))}


class ChangePassword(PasswordChangeView):
    template_name = "password_change.html"
    success_url = reverse_lazy("cartable")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password has been changed."))
        return super().form_valid(form)
