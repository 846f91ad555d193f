"""What a spreadsheet is to us: grids, cells, changes, tables and styles."""
