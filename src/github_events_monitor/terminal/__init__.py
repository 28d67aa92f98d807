"""What the commands of the terminal do and show; `cli` declares them."""
