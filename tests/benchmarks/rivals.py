"""What one would take today instead, on the same rows and in the same run; only speed is compared.

The weights of the BERT are random: a forward pass takes as long with these as with any. Its vocabulary is single
characters, as that of bert-base-chinese is.
"""

import time
import warnings

from tests.benchmarks.texts import read_complaints


def bert_pipeline(texts):
    """Return a text-classification pipeline over 12 layers of 768 and its tokenizer, as a hub would give it."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set("".join(texts)))]
    tokenizer = Tokenizer(models.WordPiece({entry: at for at, entry in enumerate(entries)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.model_max_length = 512
    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig(vocab_size=21128, num_labels=20)).eval()
    return pipeline("text-classification", model=model, tokenizer=fast, device="cpu"), model


def rate(classify, texts, **options):
    """Return texts a second."""
    began = time.perf_counter()
    classify(texts, truncation=True, **options)
    return len(texts) / (time.perf_counter() - began)


def measure_bert(texts):
    """Return the rates of the pipeline in fp32, one by one and in batches, and with dynamic int8."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classify, model = bert_pipeline(texts)
        classify(texts[:2])
        found = {
            "transformers, BERT 12x768, fp32, one by one": rate(classify, texts, batch_size=1),
            "transformers, BERT 12x768, fp32, batches of 16": rate(classify, texts, batch_size=16),
        }
        torch.backends.quantized.engine = "x86" if "x86" in torch.backends.quantized.supported_engines else "qnnpack"
        classify.model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
        found["transformers, BERT 12x768, dynamic int8, one by one"] = rate(classify, texts, batch_size=1)
    return found


def measure_linear(texts):
    """Return the rate of TF-IDF and logistic regression over jieba's words, in the style of Amsterdam's Signalen."""
    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    jieba.setLogLevel(60)
    known, domains = read_complaints()
    words = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, ngram_range=(1, 2))
    model = make_pipeline(words, LogisticRegression(max_iter=200))
    model.fit(known, domains)
    began = time.perf_counter()
    model.predict(texts)
    return {"scikit-learn, TF-IDF + logistic regression, jieba": len(texts) / (time.perf_counter() - began)}
