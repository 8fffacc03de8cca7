"""The pages of a move, in the order of the directive."""

from django.urls import path

from transfers.views import (
    attachments,
    cartable,
    case,
    comparison,
    follow_ups,
    help,
    overdue,
    paper,
    receive,
    reconciliation,
    referral,
    send,
    tracking,
    versions,
    work,
)

urlpatterns = [
    path("", cartable.cartable, name="cartable"),
    path("overdue/", overdue.overdue, name="overdue"),
    path("follow-ups/", follow_ups.follow_up_list, name="follow_ups"),
    path("workload/", work.workload, name="workload"),
    path("referral/", referral.find, name="referral"),
    path("files/<int:pk>/refer/", referral.refer, name="refer"),
    path("cases/", case.case_list, name="case_list"),
    path("cases/<int:pk>/", case.case, name="case"),
    path("cases/<int:pk>/versions/<int:number>/", versions.version, name="case_version"),
    path("cases/<int:pk>/comparison/", comparison.comparison, name="comparison"),
    path("cases/<int:pk>/comparison/marks/", comparison.marks, name="comparison_marks"),
    path("cases/<int:pk>/decrees/", comparison.comparison, name="decrees"),
    path("cases/<int:pk>/sheet/", paper.transfer_sheet, name="case_sheet"),
    path("cases/<int:pk>/attachments/<int:number>/", attachments.attachment, name="case_attachment"),
    path("cases/<int:pk>/<slug:action>/", case.step, name="case_step"),
    path("send/", send.send_list, name="send_list"),
    path("receive/", receive.receive_list, name="receive_list"),
    path("receive/paper/", paper.arrival, name="paper_arrival"),
    path("receive/paper/<int:pk>/", paper.set_aside, name="paper_set_aside"),
    path("reconcile/", reconciliation.reconciliation, name="reconcile"),
    path("tracking/", tracking.tracking, name="tracking"),
    path("help/", help.help_page, name="help"),
]
