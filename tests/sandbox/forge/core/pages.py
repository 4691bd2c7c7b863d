"""Pages for people who watch the demo in a browser: the same plain look on every forge.

The invariant: everything shown is escaped; a page here runs nothing that somebody wrote into a comment.
"""

from collections.abc import Sequence
from html import escape

from aiohttp import web

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { white-space: pre-wrap; background: #f6f8fa; padding: .8rem; border-radius: 6px }
article { border: 1px solid #d1d9e0; border-radius: 6px; margin: 1rem 0; padding: .5rem 1rem }
"""
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def link(path: str, text: str) -> str:
    return f'<p><a href="{escape(path)}">{escape(text)}</a></p>'


def words(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def said(login: str, body: str) -> str:
    return f"<article><b>{escape(login)}</b>{words(body)}</article>"


def page(title: str, blocks: Sequence[str]) -> web.Response:
    head = f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
    content = f"{head}<h1>{escape(title)}</h1>{''.join(blocks)}"
    return web.Response(text=content, content_type="text/html", headers=HEADERS)
