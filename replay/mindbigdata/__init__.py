"""MindBigData's EPOC file: read line by line, converted to arrays that are mapped, written in the same form."""
