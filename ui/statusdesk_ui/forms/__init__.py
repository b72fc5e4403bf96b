"""What people fill in: the composer, the resolve sheet, the small sheets that mend."""
