"""The kernel's rows: users, the outbox of facts, readers' cursors, the installation."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager["User"]):
    """Creates users known by their email address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; the address is normalised and its case does not matter."""
        if not email:
            raise ValueError("a user needs an email address")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user who may do everything in the admin site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person with an account, known by email."""

    username = None  # type: ignore[assignment]  # Django's way to drop the column
    email = models.EmailField("email address", unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[misc,assignment]  # a manager by email, not by username

    def __str__(self) -> str:
        return self.email


class Installation(models.Model):
    """The one row that says which world this installation holds."""

    world = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_installation")
        ]

    def __str__(self) -> str:
        return self.world


class Fact(models.Model):
    """One piece of news, in commit order (see aura.core.events)."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=64)
    body = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"


class Cursor(models.Model):
    """How far one reader of facts has come."""

    reader = models.CharField(max_length=64, primary_key=True)
    position = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.reader} at {self.position}"


class AuditEntry(models.Model):
    """Who did what to what, for changes a person makes."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=128)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
