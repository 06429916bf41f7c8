"""The bridge: what runs beside the editor and hands its pictures to the engine."""
