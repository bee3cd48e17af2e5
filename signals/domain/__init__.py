"""The scanner's mind: pure rules over what was seen, grading, the record's chain."""
