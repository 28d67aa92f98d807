"""One file for each question: its arguments, its answer, how it is made, how it reads as text, where it is asked."""
