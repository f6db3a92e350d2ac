"""What results look like to a reader: tables, plots and records."""
