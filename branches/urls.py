from django.urls import path

from branches.views import corrections, files, reminders, stand_ins, standing

urlpatterns = [
    path("files/", files.file_list, name="file_list"),
    path("files/<int:pk>/", files.file, name="file"),
    path("files/<int:pk>/correct/<slug:section>/", corrections.file_correct, name="file_correct"),
    path("files/<int:pk>/correct/<slug:section>/<int:row>/", corrections.file_correct, name="file_correct"),
    path("files/<int:pk>/remove/<slug:section>/<int:row>/", corrections.file_remove, name="file_remove"),
    path("files/<int:pk>/standing/<slug:action>/", standing.file_standing, name="file_standing"),
    path("stand-ins/", stand_ins.stand_in_list, name="stand_in_list"),
    path("stand-ins/<int:pk>/end/", stand_ins.stand_in_end, name="stand_in_end"),
    path("reminders/", reminders.reminder_list, name="reminder_list"),
    path("reminders/<int:pk>/settle/", reminders.reminder_settle, name="reminder_settle"),
]
