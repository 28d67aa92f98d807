"""What DatabaseService answers with: windows, cursors, sizes, and records made presentable."""
