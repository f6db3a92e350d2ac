"""What a console may show, the consoles themselves, and tables that every one of them can hold."""
