"""The kernel's rows in the admin site."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin

from aura.models import AuditEntry, Cursor, Fact, Installation, User


class ReadOnly:
    """Rows written by the house alone: staff look, nobody edits."""

    def has_add_permission(self, *_: object) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, *_: object) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, *_: object) -> bool:
        """Refuse."""
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    """Users by email."""

    ordering = ("email",)
    list_display = ("email", "is_active", "is_staff", "date_joined", "last_login")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Personal", {"fields": ("first_name", "last_name")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)


@admin.register(Fact)
class FactAdmin(ReadOnly, admin.ModelAdmin[Fact]):
    """The outbox."""

    list_display = ("id", "kind", "at")
    list_filter = ("kind",)
    search_fields = ("kind",)
    show_full_result_count = False


@admin.register(Cursor)
class CursorAdmin(ReadOnly, admin.ModelAdmin[Cursor]):
    """Readers of the outbox."""

    list_display = ("reader", "position")
    search_fields = ("reader",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin[AuditEntry]):
    """Who did what."""

    list_display = ("at", "by", "action", "subject")
    list_filter = ("action",)
    search_fields = ("subject", "by__email")


@admin.register(Installation)
class InstallationAdmin(ReadOnly, admin.ModelAdmin[Installation]):
    """The world."""

    list_display = ("world", "created_at")
