from pathlib import Path

from workflow.retrieve.glossary import documents_of
from workflow.retrieve.index import _passages
from workflow.semantic.load import load

MODEL = load(Path("seeds/pagila/model.yaml"))
VIEWS = {
    "admin": ("v_payment_scoped", "v_rental_scoped", "v_customer_masked"),
    "marketing": ("v_customer_masked",),
    "finance": ("v_payment_scoped",),
    "auditor": (),
}


def test_each_metric_is_explained_to_those_who_may_use_it() -> None:
    documents = {document.key: document for document in documents_of(MODEL, VIEWS)}
    for metric in MODEL.metrics:
        document = documents[f"metric_{metric.name}"]
        assert metric.description in document.body
        assert " ".join(metric.expression.split()) in document.body
    assert documents["metric_revenue"].roles == ("admin", "finance")
    assert documents["metric_customer_count"].roles == ("admin", "marketing")
    assert documents["dataset_customers"].roles == ("admin", "marketing")


def test_what_no_role_may_use_is_explained_to_nobody() -> None:
    assert documents_of(MODEL, {"auditor": ()}) == ()
    assert {d.key for d in documents_of(MODEL, {"x": ("v_customer_masked",)})} & {
        "metric_revenue",
        "dataset_payments",
    } == set()


def test_every_generated_document_can_be_indexed() -> None:
    assert len(_passages(documents_of(MODEL, VIEWS))) >= len(MODEL.metrics)
