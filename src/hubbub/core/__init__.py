"""The words of the house: messages, documents, events, people and errors."""
