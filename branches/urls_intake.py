"""Taking in the old system's export; included under import/."""

from django.urls import path

from branches.views import intake

urlpatterns = [
    path("", intake.import_list, name="import_list"),
    path("new/", intake.import_new, name="import_new"),
    path("<uuid:pk>/", intake.import_batch, name="import_batch"),
    path("<uuid:pk>/start/", intake.import_start, name="import_start"),
    path("<uuid:pk>/report/", intake.import_report, name="import_report"),
    path("<uuid:pk>/rejected/", intake.import_rejected, name="import_rejected"),
]
