"""Recognise the text of scans and pictures (OCR)."""
