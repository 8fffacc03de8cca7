"""/api/: cases, steps, what waits at the center, who pays, the contracts."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from transfers import api

urlpatterns = [
    path("files/", api.Files.as_view(), name="api_files"),
    path("cases/", api.Cases.as_view(), name="api_cases"),
    path("cases/<int:pk>/", api.OneCase.as_view(), name="api_case"),
    path("cases/<int:pk>/steps/<str:action>/", api.Steps.as_view(), name="api_step"),
    path("waiting/", api.Waiting.as_view(), name="api_waiting"),
    path("waiting/<uuid:envelope_id>/receive/", api.Receive.as_view(), name="api_receive"),
    path("payment/", api.Payment.as_view(), name="api_payment"),
    path("payment/bulk/", api.Payments.as_view(), name="api_payments"),
    path("payroll/", api.Payroll.as_view(), name="api_payroll"),
    path("contracts/<str:name>/", api.Schema.as_view(), name="api_contract"),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
]
