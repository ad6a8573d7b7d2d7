"""The dashboard: it reads snapshots of a session and paints them. The only place that knows Qt."""
