"""Signing in, and in again after a session has ended; changing the password."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from branches.models import User
from pension_transfer.lib.posting import is_piece
from transfers.views.context import person


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


class DigestForm(forms.ModelForm):
    """Whether a person wants the daily digest."""

    class Meta:
        model = User
        fields = ("wants_digest",)


@require_POST
def choose_digest(request: HttpRequest) -> HttpResponse:
    """Switch one's own daily digest on or off."""
    form = DigestForm(request.POST, instance=person(request))
    if form.is_valid():
        form.instance.save(update_fields=["wants_digest"])
    on = _("From now on you get the daily digest.")
    messages.success(request, on if form.instance.wants_digest else _("You get no daily digest any more."))
    return redirect("password_change")


class ChangePassword(PasswordChangeView):
    template_name = "password_change.html"
    success_url = reverse_lazy("cartable")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"digest_form": DigestForm(instance=person(self.request))}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password has been changed."))
        return super().form_valid(form)
