"""The API server, spoken to without models: paths, JSON and typed errors. The only room that knows kubernetes_asyncio."""
