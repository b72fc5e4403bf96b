"""The desktop app: Qt Widgets over `Desk`. No SQL, no HTTP, no template."""
