"""What keeps an evaluation from taking place."""


class EvaluationError(Exception):
    """Why no case can be judged, in a sentence for a person."""
