# The portal: web, worker, beat and jobs are this image with other commands. See docs/operations.md.

# Zoom's Meeting SDK, htmx and Pico. Zoom's terms apply to an image that has the SDK in it: it is for
# you to run, not to publish.
FROM node:20-bookworm-slim AS browser
WORKDIR /srv/greenroom
COPY package.json package-lock.json .npmrc ./
RUN npm ci

FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /srv/greenroom
COPY requirements-prod.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-prod.txt

# Static files, named by their hashes and compressed. These settings sign and seal nothing.
FROM packages AS static
COPY --from=browser /srv/greenroom/node_modules node_modules
COPY manage.py package-lock.json ./
COPY static static
COPY portal portal
COPY zoomauth zoomauth
COPY meetings meetings
RUN DEBUG=false SECRET_KEY=none SEALING_KEYS=none BROKER_URL=none BASE_URL=https://build.invalid \
    python manage.py collectstatic --noinput -v0 && mv build/static/zoomsdk build/zoomsdk

FROM python:3.11-slim-bookworm AS portal
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --no-create-home greenroom && install -d -o greenroom /static
WORKDIR /srv/greenroom
COPY --from=packages /opt/venv /opt/venv
# A layer of its own: it is the largest, and changes with the SDK's version only.
COPY --from=static /srv/greenroom/build/zoomsdk build/static/zoomsdk
COPY --from=static /srv/greenroom/build/static build/static
COPY manage.py gunicorn.conf.py package-lock.json ./
COPY templates templates
COPY static static
COPY portal portal
COPY zoomauth zoomauth
COPY meetings meetings
RUN python -m compileall -q portal zoomauth meetings
USER greenroom
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000"]
