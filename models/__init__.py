"""Makes: the workshop where encoders are exported, trained, quantised and proven, and the drawn shop they are shown on. Imports vision."""
