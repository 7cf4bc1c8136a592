alter table answer add column trace text; -- the traceparent of the trace that it was begun in, while it is open
