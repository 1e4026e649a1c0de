// Stands where the platform's own challenge script would: it does nothing.
