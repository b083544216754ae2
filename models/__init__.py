"""Makes: the workshop where encoders are trained, exported, quantised and proven, and the drawn
shop they are shown on. Imports vision."""
