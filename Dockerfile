# One image for every role. The web is the default command; the others are
#   docker run IMAGE python manage.py prepare|worker|watcher
# with DATABASE_URL, REDIS_URL, AURA_SECRET_KEY, AURA_PUBLIC_URL and AURA_ALLOWED_HOSTS set.
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.txt stack/uv.txt ./
RUN pip install --no-cache-dir --require-hashes -r uv.txt \
    && uv venv /opt/venv \
    && uv pip sync --no-cache --compile-bytecode --require-hashes \
        --python /opt/venv/bin/python requirements.txt

FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/aura aura \
    && install -d -o aura -g aura /var/lib/aura
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AURA_WORLD=solana \
    AURA_LOG=json \
    AURA_STATE_DIR=/var/lib/aura \
    AURA_STATIC_ROOT=/app/.static
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY . .
# A key for this one command; it is in no layer and signs nothing.
RUN AURA_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    python manage.py collectstatic --noinput --verbosity 0
USER aura
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["sh", "-c", "exec env AURA_ROLE=web python -m daphne -v 0 -b 0.0.0.0 -p 8000 aura.asgi:application"]
