"""Every address: sign in, pages of the branches and of the moves, the API, the center operator's reference data."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.i18n import set_language

from pension_transfer.lib.gallery import gallery
from pension_transfer.lib.look import choose_look
from transfers.views import session

admin.site.site_header = admin.site.site_title = _("Mechanized transfer of pension files")
handler400 = "transfers.views.faults.bad"
handler404 = "transfers.views.faults.unknown"
handler500 = "transfers.views.faults.fault"

urlpatterns = [
    path("sign-in/", session.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("password/", session.ChangePassword.as_view(), name="password_change"),
    path("digest/", session.choose_digest, name="digest_choice"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("look/", login_not_required(choose_look), name="choose_look"),
    path("gallery/", gallery, name="gallery"),
    path("", include("transfers.urls")),
    path("", include("branches.urls")),
    path("import/", include("branches.urls_intake")),
    path("api/", include("transfers.urls_api")),
    path("admin/", admin.site.urls),
]
